-- The recipes of docs/cookbook.md, as they stand there, and triggers of all kinds.

-- Write-through cache by trigger.
CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, price numeric);
CREATE FOREIGN TABLE product_cache (id int, name text, price numeric)
  SERVER redis_server
  OPTIONS (table_type 'hash', key_template 'product:{id}', row_per 'key');
CREATE FUNCTION write_through() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR NEW.id <> OLD.id) THEN
    DELETE FROM product_cache WHERE id = OLD.id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO product_cache VALUES (NEW.id, NEW.name, NEW.price);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER write_through AFTER INSERT OR UPDATE OR DELETE ON products
  FOR EACH ROW EXECUTE FUNCTION write_through();
CREATE FUNCTION clear_through() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE product_cache;
  RETURN NULL;
END $$;
CREATE TRIGGER clear_through AFTER TRUNCATE ON products
  FOR EACH STATEMENT EXECUTE FUNCTION clear_through();
INSERT INTO products VALUES (1, 'Pen', 1.50), (2, 'Ink', 7);
\! redis HGETALL product:1 | paste - - | sort
UPDATE products SET price = price * 2;
\! redis HGET product:1 price; redis HGET product:2 price
UPDATE products SET id = 3, price = NULL WHERE id = 2;
\! redis KEYS 'product:*' | sort | paste -s; redis HGETALL product:3 | paste - -
DELETE FROM products WHERE id = 1;
\! redis KEYS 'product:*' | sort | paste -s
-- Whatever way the row comes: upserts, COPY, functions, prepared statements, many at once.
INSERT INTO products VALUES (3, 'Nib', 1), (4, 'Pad', 2)
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = excluded.price;
COPY products FROM stdin (FORMAT csv);
5,Cap,0.5
6,Box,
\.
PREPARE price(int, numeric) AS UPDATE products SET price = $2 WHERE id = $1;
EXECUTE price(4, 2.25);
EXECUTE price(4, 2.5);
EXECUTE price(5, NULL);
CREATE FUNCTION rename_all(suffix text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
  UPDATE products SET name = name || suffix;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
SELECT rename_all('!'), rename_all('?');
SELECT * FROM product_cache ORDER BY id;
SELECT count(*) AS different FROM products p FULL JOIN product_cache c ON c.id = p.id
  WHERE (p.name, p.price) IS DISTINCT FROM (c.name, c.price);
INSERT INTO products SELECT i, 'bulk ' || i, i FROM generate_series(1001, 3000) i;
DELETE FROM products WHERE id > 2500;
SELECT count(*) AS different FROM products p FULL JOIN product_cache c ON c.id = p.id
  WHERE (p.name, p.price) IS DISTINCT FROM (c.name, c.price);
-- Redis is not rolled back: after an abort the cache is told again.
BEGIN;
UPDATE products SET name = 'never' WHERE id = 3;
ROLLBACK;
\! redis HGET product:3 name
UPDATE products SET name = name WHERE id = 3;
\! redis HGET product:3 name
TRUNCATE products;
\! redis KEYS 'product:*' | sort | paste -s

-- A cache with TTL, and a function that reads through it.
CREATE TABLE articles (id int PRIMARY KEY, body text);
CREATE FOREIGN TABLE article_cache (id int, body text)
  SERVER redis_server
  OPTIONS (table_type 'string', key_template 'article:{id}', ttl '60');
CREATE FUNCTION article(wanted int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found_body text;
BEGIN
  SELECT body INTO found_body FROM article_cache WHERE id = wanted;
  IF NOT FOUND THEN
    SELECT body INTO found_body FROM articles WHERE id = wanted;
    IF found_body IS NOT NULL THEN
      INSERT INTO article_cache VALUES (wanted, found_body);
    END IF;
  END IF;
  RETURN found_body;
END $$;
INSERT INTO articles VALUES (1, 'first'), (2, NULL);
SELECT article(1), article(2), article(3);
\! redis KEYS 'article:*'; redis_ttl article:1 30 60
UPDATE articles SET body = 'changed';
SELECT article(1) AS cached;
\! redis DEL article:1
SELECT article(1) AS read;
SELECT article(1) AS cached;

-- A queue.
CREATE FOREIGN TABLE jobs (index bigint, element jsonb)
  SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'jobs');
INSERT INTO jobs (element) VALUES ('{"mail": 1}'), ('{"mail": 2}');
SELECT * FROM jobs;
INSERT INTO jobs (element) SELECT jsonb_build_object('mail', i) FROM generate_series(3, 5) i;
DELETE FROM jobs WHERE index = 0 RETURNING element;
SELECT redis_command('redis_server', 'LPOP', 'jobs') AS popped;
SELECT (redis_command('redis_server', 'LPOP', 'jobs') #>> '{}')::jsonb -> 'mail' AS mail;
SELECT count(*) FROM jobs;
\! redis LRANGE jobs 0 -1

-- A leaderboard.
CREATE FOREIGN TABLE leaderboard (player text, points float8)
  SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'leaderboard');
INSERT INTO leaderboard VALUES ('ada', 10), ('bob', 30), ('cyd', 20);
UPDATE leaderboard SET points = points + 25 WHERE player = 'ada';
SELECT rank() OVER (ORDER BY points DESC), player, points FROM leaderboard ORDER BY points DESC LIMIT 3;
SELECT count(*) + 1 AS rank_of_cyd FROM leaderboard
  WHERE points > (SELECT points FROM leaderboard WHERE player = 'cyd');
SELECT redis_command('redis_server', 'ZINCRBY', 'leaderboard', '5', 'cyd') AS cyd;
\! redis ZREVRANGE leaderboard 0 -1 WITHSCORES | paste - -

-- Sessions.
CREATE FOREIGN TABLE sessions (
  id uuid, user_id int, started timestamptz, data jsonb OPTIONS (redis '*'), ttl int
) SERVER redis_server
  OPTIONS (table_type 'hash', key_template 'session:{id}', row_per 'key', ttl '1800');
INSERT INTO sessions (id, user_id, started, data)
  VALUES ('6ecd8c99-4036-403d-bf84-cf8400f67836', 7, '2024-02-03 04:05:06+00', '{"theme": "dark"}');
UPDATE sessions SET ttl = 3600, data = data || '{"cart": "3"}'
  WHERE id = '6ecd8c99-4036-403d-bf84-cf8400f67836';
SELECT user_id, started, data ->> 'theme' AS theme, ttl BETWEEN 3500 AND 3600 AS fresh
  FROM sessions WHERE id = '6ecd8c99-4036-403d-bf84-cf8400f67836';
\! redis HGETALL session:6ecd8c99-4036-403d-bf84-cf8400f67836 | paste - - | sort
\! redis_ttl session:6ecd8c99-4036-403d-bf84-cf8400f67836 3500 3600
SELECT user_id, count(*) FROM sessions GROUP BY user_id;
DELETE FROM sessions WHERE user_id = 7;
\! redis KEYS 'session:*'

-- Events.
CREATE FOREIGN TABLE events (stream_id redis_stream_id, kind text, user_id int, details jsonb OPTIONS (redis '*'))
  SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'events');
CREATE FUNCTION publish() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO events (kind, user_id, details)
    VALUES (TG_TABLE_NAME || '.' || lower(TG_OP), NEW.id, jsonb_build_object('name', NEW.name));
  RETURN NEW;
END $$;
CREATE TABLE accounts (id int, name text);
CREATE TRIGGER publish BEFORE INSERT OR UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION publish();
INSERT INTO accounts VALUES (1, 'ada'), (2, 'bob');
UPDATE accounts SET name = 'Ada' WHERE id = 1;
SELECT kind, user_id, details FROM events ORDER BY stream_id;
SELECT count(*) FROM events
  WHERE stream_id >= now() - interval '1 hour';
SELECT redis_command('redis_server', 'XTRIM', 'events', 'MAXLEN', '2') AS trimmed;
\! redis XLEN events

-- Triggers on foreign tables, with the rows as they are stored.
CREATE TABLE audit (n serial, op text, old text, new text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit (op, old, new) VALUES (TG_WHEN || ' ' || TG_OP,
    CASE WHEN TG_OP <> 'INSERT' THEN OLD::text END, CASE WHEN TG_OP <> 'DELETE' THEN NEW::text END);
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER before BEFORE INSERT OR UPDATE OR DELETE ON leaderboard FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER after AFTER INSERT OR UPDATE OR DELETE ON leaderboard FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO leaderboard VALUES ('dan', 1);
UPDATE leaderboard SET points = points + 1, player = 'Dan' WHERE player = 'dan';
UPDATE leaderboard SET points = 5 WHERE player = 'none';
DELETE FROM leaderboard WHERE player = 'Dan';
SELECT op, old, new FROM audit ORDER BY n;
CREATE TRIGGER after AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION note();
TRUNCATE audit;
INSERT INTO jobs (element) VALUES ('1'), ('2');
SELECT op, old, new FROM audit ORDER BY n;
