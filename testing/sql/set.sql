-- The table type set, one key: every statement, checked with redis-cli.
CREATE FOREIGN TABLE s (member text) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 's');
CREATE TABLE local (member text, other text);
INSERT INTO local VALUES ('a', 'A'), ('d', 'D');

-- INSERT: what is there stays there.
INSERT INTO s VALUES ('a'), ('b'), ('a'), ('');
INSERT INTO s VALUES ('a') RETURNING *;
\! redis SMEMBERS s | sort
INSERT INTO s VALUES ('a'), ('c') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO s VALUES ('x'), (NULL);
\echo :SQLSTATE
\! redis SISMEMBER s x
INSERT INTO s SELECT member FROM local;
INSERT INTO s SELECT member || member FROM s WHERE member <> '';
SELECT * FROM s ORDER BY member;
\! redis SCARD s

-- SELECT.
SELECT * FROM s WHERE member = 'b';
SELECT * FROM s WHERE member = 'x';
SELECT * FROM s WHERE member IN ('a', 'b', 'x') ORDER BY 1;
SELECT count(*) FROM s WHERE member LIKE 'a%';
SELECT o.other, EXISTS (SELECT 1 FROM s WHERE s.member = o.other) AS upper FROM local o ORDER BY 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM s WHERE member = 'b';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM s WHERE member = ANY ('{a,b}');
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM s;

-- UPDATE renames: adds before it removes, keeps the TTL.
\! redis EXPIRE s 1000
UPDATE s SET member = 'x' WHERE member = 'a' RETURNING *;
UPDATE s SET member = upper(member) WHERE length(member) = 2;
UPDATE s SET member = member WHERE member = 'b';
UPDATE s SET member = s.member || o.other FROM local o WHERE s.member = o.member RETURNING s.member;
UPDATE s SET member = 'b' WHERE member = 'x';
\echo :SQLSTATE
UPDATE s SET member = NULL WHERE member = 'x';
UPDATE s SET member = 'y' WHERE member = 'none';
\! redis SMEMBERS s | sort
\! redis_ttl s 900 1000
EXPLAIN (VERBOSE, COSTS OFF) UPDATE s SET member = 'x' WHERE member = 'a';

-- DELETE.
DELETE FROM s WHERE member = '' RETURNING member = '' AS empty;
DELETE FROM s WHERE member IN ('AA', 'none');
DELETE FROM s WHERE member LIKE 'd%';
DELETE FROM s WHERE member = 'none';
DELETE FROM s USING local o WHERE s.member = o.member || o.member;
\! redis SMEMBERS s | sort
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM s WHERE member = 'x';
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM s WHERE member LIKE 'x%';
DELETE FROM s;
\! redis EXISTS s

-- Strict.
CREATE FOREIGN TABLE strict (member text) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 'strict', strict_insert 'true');
INSERT INTO strict VALUES ('a'), ('b');
INSERT INTO strict VALUES ('c'), ('a');
\echo :SQLSTATE
INSERT INTO strict VALUES ('a'), ('d') ON CONFLICT DO NOTHING;
\! redis SMEMBERS strict | sort

-- Integers are told by their bytes; bytes are any; the role names the column.
CREATE FOREIGN TABLE numbers (ttl int, n int OPTIONS (redis 'member')) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 'n', ttl '1000');
INSERT INTO numbers (n) VALUES (3), (1), (-2);
SELECT n, ttl BETWEEN 900 AND 1000 AS in_time FROM numbers ORDER BY n;
SELECT n FROM numbers WHERE n = 1;
UPDATE numbers SET n = n + 10 WHERE n > 0;
\! redis SMEMBERS n | sort
\! redis_ttl n 900 1000
\! redis SADD n 07
SELECT n FROM numbers;
\echo :SQLSTATE
CREATE FOREIGN TABLE raw (member bytea) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 'raw');
INSERT INTO raw VALUES ('\x00ff'), ('');
DELETE FROM raw WHERE member = '\x00ff' RETURNING *;
\! redis SCARD raw
-- Wrong type.
\! redis SET s text
SELECT * FROM s;
INSERT INTO s VALUES ('a');
UPDATE s SET member = 'b' WHERE member = 'a';
DELETE FROM s WHERE member = 'a';
TRUNCATE s;
\echo :SQLSTATE
\! redis DEL s

-- Prepared, from a function.
PREPARE put(text) AS INSERT INTO s VALUES ($1);
PREPARE put_new(text) AS INSERT INTO s VALUES ($1) ON CONFLICT DO NOTHING;
PREPARE has(text) AS SELECT count(*) FROM s WHERE member = $1;
PREPARE rename(text, text) AS UPDATE s SET member = $2 WHERE member = $1;
PREPARE remove(text) AS DELETE FROM s WHERE member = $1 RETURNING *;
EXECUTE put('a');
EXECUTE put('b');
EXECUTE put_new('b');
EXECUTE put_new('c');
EXECUTE has('a');
EXECUTE has('z');
EXECUTE has(NULL);
EXECUTE rename('a', 'd');
EXECUTE rename('a', 'd');
EXECUTE rename('d', 'b');
EXECUTE rename('d', NULL);
EXECUTE remove('b');
EXECUTE remove('b');
\! redis SMEMBERS s | sort
CREATE FUNCTION mark(word text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
  INSERT INTO s VALUES (word) ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n = 0 THEN
    UPDATE s SET member = member || '+' WHERE member = word;
    RETURN 'marked';
  END IF;
  RETURN 'new';
END $$;
SELECT w, mark(w) FROM unnest('{e,c,e,e}'::text[]) w;
\! redis SMEMBERS s | sort
