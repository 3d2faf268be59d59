-- The table type list, one key, with an index column and without: every statement, checked with redis-cli.
CREATE FOREIGN TABLE l (element text) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l');
CREATE FOREIGN TABLE li (index int, element text) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l');
CREATE TABLE local (element text, other text);
INSERT INTO local VALUES ('a', 'A'), ('c', 'C');

-- INSERT appends; the index is NULL, left out or the next.
INSERT INTO l VALUES ('a'), ('b'), ('a');
INSERT INTO li (element) VALUES ('c') RETURNING *;
INSERT INTO li VALUES (NULL, 'd'), (5, 'e') RETURNING *;
\! redis LRANGE l 0 -1 | paste -s
INSERT INTO li VALUES (0, 'x');
INSERT INTO li VALUES (6, 'f'), (9, 'g');
\echo :SQLSTATE
\! redis LLEN l
-- An element that is there already is no conflict.
INSERT INTO l VALUES ('a') ON CONFLICT DO NOTHING;
INSERT INTO l VALUES ('');
INSERT INTO l VALUES ('x'), (NULL);
\echo :SQLSTATE
SELECT * FROM li;
SELECT * FROM l;
INSERT INTO l SELECT element || element FROM l WHERE element <> '';
\! redis LRANGE l 0 -1 | paste -s

-- SELECT by index.
SELECT * FROM li WHERE index = 3;
SELECT * FROM li WHERE index = -1;
SELECT * FROM li WHERE index = 100;
SELECT * FROM li WHERE index IN (0, 5, 77) ORDER BY index;
SELECT * FROM li WHERE index > 11 AND index <= 13;
SELECT * FROM li WHERE element = 'a';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM li WHERE index = 3;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM li WHERE index > 11 AND index <= 13;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM li WHERE element = 'a' ORDER BY index LIMIT 1;

-- UPDATE by index and by element; equal elements stay apart.
\! redis DEL l
INSERT INTO l VALUES ('a'), ('b'), ('a'), ('c'), ('a');
\! redis EXPIRE l 1000
UPDATE li SET element = 'second a' WHERE index = 2 RETURNING *;
UPDATE l SET element = 'B' WHERE element = 'b' RETURNING *;
UPDATE li SET element = upper(element) WHERE element = 'a';
UPDATE l SET element = l.element || o.other FROM local o WHERE l.element = o.element RETURNING l.element;
UPDATE li SET element = 'x' WHERE index = 77;
UPDATE l SET element = NULL WHERE element = 'B';
UPDATE li SET index = 0 WHERE index = 1;
\echo :SQLSTATE
\! redis LRANGE l 0 -1 | paste -s
\! redis_ttl l 900 1000

-- DELETE: by index that one even among equals, by element every one, with USING, all.
\! redis DEL l
INSERT INTO l VALUES ('a'), ('b'), ('a'), ('c'), ('a'), ('d');
DELETE FROM li WHERE index = 2 RETURNING *;
\! redis LRANGE l 0 -1 | paste -s
DELETE FROM l WHERE element = 'a';
\! redis LRANGE l 0 -1 | paste -s
DELETE FROM l USING local o WHERE o.element = l.element RETURNING l.element, o.other;
DELETE FROM li WHERE index IN (0, 1) RETURNING *;
\! redis EXISTS l
INSERT INTO l SELECT 'e' || i % 7 FROM generate_series(1, 5000) i;
DELETE FROM li WHERE index % 2 = 0;
SELECT count(*), min(index), max(index) FROM li;
\! redis LLEN l
DELETE FROM l;
\! redis EXISTS l
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM li WHERE index = 2;
EXPLAIN (VERBOSE, COSTS OFF) UPDATE l SET element = 'x' WHERE element = 'y';

-- A list that another client changed in between is an error, not a wrong element: a trigger is that client.
INSERT INTO l VALUES ('a'), ('b'), ('c');
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM redis_command('redis_server', 'LPUSH', 'l', 'new');
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER meddle BEFORE UPDATE OR DELETE ON li FOR EACH ROW WHEN (OLD.element = 'b')
  EXECUTE FUNCTION meddle();
UPDATE li SET element = 'x' WHERE element = 'b';
\echo :SQLSTATE
DELETE FROM li WHERE element = 'b';
\echo :SQLSTATE
DROP TRIGGER meddle ON li;
\! redis LRANGE l 0 -1 | paste -s

-- Other columns: bytes, integers, in another order.
CREATE FOREIGN TABLE turned (what bytea OPTIONS (redis 'element'), "where" bigint OPTIONS (redis 'index'))
  SERVER redis_server OPTIONS (table_type 'list', table_key_prefix 'l');
INSERT INTO turned VALUES ('\x00ff', 5) RETURNING *;
UPDATE turned SET what = what || '\x01' WHERE "where" = 5 RETURNING *;
DELETE FROM turned WHERE what = '\x00ff01';
\! redis LLEN l
CREATE FOREIGN TABLE numbers (element int) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l');
SELECT * FROM numbers;
\echo :SQLSTATE
TRUNCATE numbers;
INSERT INTO numbers VALUES (3), (-1), (2);
SELECT sum(element) FROM numbers;
UPDATE numbers SET element = element * 10 WHERE element > 0;
\! redis LRANGE l 0 -1 | paste -s
-- The key's TTL.
CREATE FOREIGN TABLE short (element text, ttl int) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'short', ttl '1000');
INSERT INTO short (element) VALUES ('a'), ('b');
\! redis_ttl short 900 1000
SELECT element, ttl BETWEEN 900 AND 1000 AS in_time FROM short;
UPDATE short SET element = 'c' WHERE element = 'a';
UPDATE short SET ttl = 5;
\! redis LRANGE short 0 -1 | paste -s
\! redis_ttl short 900 1000
-- Wrong type.
\! redis SET l text
SELECT * FROM l;
INSERT INTO l VALUES ('a');
DELETE FROM l;
TRUNCATE l;
\echo :SQLSTATE
\! redis GET l
\! redis DEL l

-- Prepared, from a function.
PREPARE push(text) AS INSERT INTO l VALUES ($1);
PREPARE at(int) AS SELECT * FROM li WHERE index = $1;
PREPARE put(int, text) AS UPDATE li SET element = $2 WHERE index = $1 RETURNING *;
PREPARE remove(int) AS DELETE FROM li WHERE index = $1;
PREPARE remove_all(text) AS DELETE FROM l WHERE element = $1;
EXECUTE push('a');
EXECUTE push('b');
EXECUTE push('a');
EXECUTE push('c');
EXECUTE push(NULL);
EXECUTE at(0);
EXECUTE at(3);
EXECUTE at(4);
EXECUTE at(NULL);
EXECUTE put(1, 'B');
EXECUTE put(9, 'B');
EXECUTE remove(1);
EXECUTE remove_all('a');
\! redis LRANGE l 0 -1 | paste -s
CREATE FUNCTION take(n int) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO l SELECT 'job ' || i FROM generate_series(1, n) i;
  FOR i IN 1..n LOOP
    RETURN QUERY DELETE FROM li WHERE index = 0 RETURNING element;
    UPDATE l SET element = element || '.' WHERE element LIKE 'job%';
  END LOOP;
END $$;
SELECT * FROM take(4);
\! redis LRANGE l 0 -1 | paste -s
