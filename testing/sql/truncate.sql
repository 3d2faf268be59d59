-- TRUNCATE, by type and layout.
CREATE FOREIGN TABLE str (value text) SERVER redis_server OPTIONS (table_type 'string', table_key_prefix 'one:str');
CREATE FOREIGN TABLE h (field text, value text) SERVER redis_server OPTIONS (table_type 'hash', table_key_prefix 'one:h');
CREATE FOREIGN TABLE l (element text) SERVER redis_server OPTIONS (table_type 'list', table_key_prefix 'one:l');
CREATE FOREIGN TABLE s (member text) SERVER redis_server OPTIONS (table_type 'set', table_key_prefix 'one:s');
CREATE FOREIGN TABLE z (member text, score int) SERVER redis_server OPTIONS (table_type 'zset', table_key_prefix 'one:z');
CREATE FOREIGN TABLE x (stream_id text, kind text) SERVER redis_server OPTIONS (table_type 'stream', table_key_prefix 'one:x');
\! redis SET one:str a; redis HSET one:h a 1; redis RPUSH one:l a; redis SADD one:s a; redis ZADD one:z 1 a; redis XADD one:x 1-1 a 1
TRUNCATE str;
TRUNCATE h;
TRUNCATE l;
TRUNCATE s, z, x;
\! redis DBSIZE
-- What is not there is no error; another type is one.
TRUNCATE str, h, l, s, z, x;
\! redis SET one:h a
TRUNCATE h;
\echo :SQLSTATE
\! redis GET one:h
-- Of several, those before may be gone: the detail is about the one that failed.
\! redis RPUSH one:l a
TRUNCATE l, h;
\! redis EXISTS one:l
\! redis DEL one:h

-- A pattern: only the keys of the table's type go.
\! for i in 1 2 3; do redis SET p:str:$i a; redis HSET p:h:$i a 1; redis RPUSH p:l:$i a; redis SADD p:s:$i a; redis ZADD p:z:$i 1 a; redis XADD p:x:$i 1-1 a 1; done > /dev/null
\! redis SET other a
CREATE FOREIGN TABLE strs (key text, value text) SERVER redis_server OPTIONS (table_type 'string', table_key_prefix 'p:*');
CREATE FOREIGN TABLE hs (key text, field text, value text) SERVER redis_server OPTIONS (table_type 'hash', table_key_prefix 'p:*');
CREATE FOREIGN TABLE ls (key text, element text) SERVER redis_server OPTIONS (table_type 'list', table_key_prefix 'p:*');
CREATE FOREIGN TABLE ss (key text, member text) SERVER redis_server OPTIONS (table_type 'set', table_key_prefix 'p:*');
CREATE FOREIGN TABLE zs (key text, member text, score int) SERVER redis_server OPTIONS (table_type 'zset', table_key_prefix 'p:*');
CREATE FOREIGN TABLE xs (key text, stream_id text, kind text) SERVER redis_server OPTIONS (table_type 'stream', table_key_prefix 'p:*');
TRUNCATE strs;
\! redis KEYS '*' | sort | paste -s
TRUNCATE hs;
TRUNCATE ls;
\! redis KEYS '*' | sort | paste -s
TRUNCATE ss, zs;
TRUNCATE xs;
\! redis KEYS '*' | sort | paste -s

-- A narrower pattern, a template, rows that are keys, escapes.
\! redis MSET 'a*:1' x 'aa:1' x 'n:1:x' x 'n:2:x' x 'n:3:y' x > /dev/null
\! redis HSET row:1 a 1; redis HSET row:2 a 1; redis SET row:3 x; redis RPUSH list:1 a; redis SADD list:2 a
CREATE FOREIGN TABLE escaped (key text, value text) SERVER redis_server OPTIONS (table_type 'string', table_key_prefix 'a\*:*');
CREATE FOREIGN TABLE templ (id int, value text) SERVER redis_server OPTIONS (table_type 'string', key_template 'n:{id}:x');
CREATE FOREIGN TABLE rows (key text, a int) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'row:*', row_per 'key');
CREATE FOREIGN TABLE lists (key text, elements text[]) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'list:*', row_per 'key');
TRUNCATE escaped, templ, rows, lists;
\! redis KEYS '*' | sort | paste -s

-- Many keys, in batches.
\! redis FLUSHALL
INSERT INTO strs SELECT 'p:' || i, i FROM generate_series(1, 20000) i;
\! redis HSET p:hash a 1
\! redis DBSIZE
TRUNCATE strs;
\! redis KEYS '*'

-- What a batch holds is written first; truncating does not roll back.
BEGIN;
INSERT INTO strs VALUES ('p:1', 'a');
TRUNCATE strs;
INSERT INTO strs VALUES ('p:2', 'b');
ROLLBACK;
\! redis KEYS '*' | sort | paste -s
-- Refused for read-only tables.
ALTER FOREIGN TABLE strs OPTIONS (ADD updatable 'false');
TRUNCATE strs;
\echo :SQLSTATE
\! redis EXISTS p:2
ALTER FOREIGN TABLE strs OPTIONS (SET updatable 'true');

-- With a local table, of partitions, from a function.
CREATE TABLE local (a int);
INSERT INTO local VALUES (1);
TRUNCATE local, strs;
SELECT count(*) FROM local;
\! redis EXISTS p:2
CREATE TABLE parts (key text, value text) PARTITION BY LIST (value);
CREATE FOREIGN TABLE part_a PARTITION OF parts FOR VALUES IN ('a') SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'part:a:*');
CREATE TABLE part_b PARTITION OF parts FOR VALUES IN ('b');
INSERT INTO parts VALUES ('part:a:1', 'a'), ('1', 'b');
TRUNCATE parts;
SELECT count(*) FROM parts;
\! redis KEYS 'part*'
CREATE FUNCTION clear() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO strs VALUES ('p:9', 'x');
  TRUNCATE strs;
  RETURN (SELECT count(*) FROM strs);
END $$;
SELECT clear(), clear();
\! redis KEYS '*'
