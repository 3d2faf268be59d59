-- Many rows: COPY, INSERT ... SELECT, UPDATE and DELETE, and errors in the middle.
CREATE FOREIGN TABLE h (field text, value text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'h', batch_size '100');
CREATE FOREIGN TABLE users (id int, name text, age int) SERVER redis_server
  OPTIONS (table_type 'hash', key_template 'user:{id}', row_per 'key', batch_size '100');
-- Its keys share a hash tag, so that they can be renamed in a cluster.
CREATE FOREIGN TABLE moved (id int, name text, age int) SERVER redis_server
  OPTIONS (table_type 'hash', key_template '{moved}:{id}', row_per 'key', batch_size '100');
CREATE FOREIGN TABLE str (key text, value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'str:*', batch_size '100');
CREATE FOREIGN TABLE l (index int, element text) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l', batch_size '100');
CREATE FOREIGN TABLE s (member int) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 's', batch_size '100');
CREATE FOREIGN TABLE z (member text, score float8) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z', batch_size '100');
CREATE FOREIGN TABLE x (stream_id text, n int) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'x', batch_size '100');

-- COPY.
COPY h FROM stdin;
a	1
b	
c	x\ty
a	2
\.
\! redis HGETALL h | paste - - | sort
COPY (SELECT * FROM h ORDER BY field) TO stdout;
COPY h (value, field) FROM stdin (FORMAT csv);
1,"d,e"
"",f
\.
\! redis HGET h 'd,e'
\! redis HEXISTS h f
COPY users FROM stdin (FORMAT csv);
1,Ada,36
2,Bob,
\.
\! redis HGETALL user:2 | paste - -
COPY (SELECT * FROM users ORDER BY id) TO stdout (FORMAT csv, HEADER);
COPY users TO stdout;
COPY s FROM stdin;
1
2
two
\.
\! redis SCARD s
COPY l (element) FROM stdin;
a
b
\.
COPY (SELECT * FROM l) TO stdout;
COPY z FROM stdin;
a	1.5
b	Infinity
\.
\! redis ZRANGE z 0 -1 WITHSCORES | paste -s
COPY x FROM stdin;
1-1	1
1-2	2
1-2	3
1-3	4
\.
\! redis XRANGE x - + | paste -s
COPY h FROM stdin;
g	1
h	\N
\.
\! redis HEXISTS h g
COPY h FROM stdin;
g	1
h
\.

-- INSERT ... SELECT of many rows, and back.
TRUNCATE h, s, l, z, x, users;
INSERT INTO h SELECT i, 'v' || i FROM generate_series(1, 10000) i;
INSERT INTO s SELECT i FROM generate_series(1, 10000) i;
INSERT INTO l (element) SELECT i FROM generate_series(1, 10000) i;
INSERT INTO z SELECT i, i / 2.0 FROM generate_series(1, 10000) i;
INSERT INTO x (n) SELECT i FROM generate_series(1, 10000) i;
INSERT INTO users SELECT i, 'name ' || i, i % 90 FROM generate_series(1, 10000) i;
INSERT INTO str SELECT 'str:' || i, i FROM generate_series(1, 10000) i;
\! redis HLEN h; redis SCARD s; redis LLEN l; redis ZCARD z; redis XLEN x; redis DBSIZE
\! redis HGET h 10000; redis LINDEX l 9999; redis ZSCORE z 9999; redis HGETALL user:10000 | paste - -; redis GET str:777
SELECT count(*), count(DISTINCT field), sum(substr(value, 2)::int) FROM h;
SELECT count(*), sum(member) FROM s;
SELECT count(*), sum(index), sum(element::int) FROM l;
SELECT count(*), sum(score) FROM z;
SELECT count(*), sum(n), count(DISTINCT stream_id) FROM x;
SELECT count(*), sum(id), sum(age) FROM users;
SELECT count(*), sum(value::int) FROM str;
INSERT INTO h SELECT key, value FROM str;
SELECT count(*) FROM h;

-- UPDATE and DELETE of many rows.
UPDATE h SET value = value || '!' WHERE field LIKE 'str:%';
UPDATE h SET field = field || '!' WHERE field LIKE 'str:%';
\! redis HGET h 'str:5!'
UPDATE s SET member = -member;
SELECT count(*), sum(member) FROM s;
UPDATE l SET element = element::int + 1;
SELECT count(*), sum(element::int) FROM l;
UPDATE z SET score = score + 1 WHERE member::int % 2 = 0;
SELECT count(*), sum(score) FROM z;
UPDATE users SET age = age + 1;
SELECT count(*), sum(id), sum(age) FROM users;
INSERT INTO moved SELECT * FROM users WHERE id > 8000;
UPDATE moved SET id = id + 20000 WHERE id > 9000;
SELECT count(*), sum(id), sum(age) FROM moved;
UPDATE str SET value = users.name FROM users WHERE str.key = 'str:' || users.id;
SELECT count(*) FROM str WHERE value LIKE 'name%';
DELETE FROM h WHERE field LIKE 'str:%';
DELETE FROM s WHERE member % 2 = 0;
DELETE FROM l WHERE index % 2 = 1;
DELETE FROM z WHERE score > 100;
DELETE FROM x WHERE n > 10;
DELETE FROM users WHERE id > 9000;
DELETE FROM moved WHERE id > 20000;
DELETE FROM str USING users WHERE str.key = 'str:' || users.id AND users.id <= 5000;
\! redis HLEN h; redis SCARD s; redis LLEN l; redis ZCARD z; redis XLEN x; redis DBSIZE
\! redis LRANGE l 4998 -1 | paste -s

-- Errors in the middle name the row.
TRUNCATE h, s, l, z, x, users, moved, str;
INSERT INTO h SELECT i, NULLIF(i, 250)::text FROM generate_series(1, 1000) i;
\echo :SQLSTATE
\! redis HLEN h
INSERT INTO s SELECT NULLIF(i, 50) FROM generate_series(1, 1000) i;
\! redis EXISTS s
INSERT INTO z SELECT i, CASE i WHEN 150 THEN 'NaN'::float8 ELSE i END FROM generate_series(1, 1000) i;
\! redis ZCARD z
INSERT INTO x SELECT i || '-0', CASE i WHEN 150 THEN NULL ELSE i END FROM generate_series(1, 1000) i;
\! redis XLEN x
INSERT INTO users SELECT i, CASE i WHEN 150 THEN NULL ELSE 'x' END FROM generate_series(1, 1000) i;
\! redis DBSIZE
INSERT INTO str SELECT CASE i WHEN 150 THEN 'other:' ELSE 'str:' END || i, i FROM generate_series(1, 1000) i;
SELECT count(*) FROM str;
\! redis SET user:2 text
INSERT INTO users SELECT i, 'x' FROM generate_series(1, 3) i;
\echo :SQLSTATE
\! redis DEL user:2
-- Strict.
TRUNCATE h;
ALTER FOREIGN TABLE h OPTIONS (ADD strict_insert 'true');
INSERT INTO h VALUES ('150', 'old');
INSERT INTO h SELECT i, i FROM generate_series(1, 1000) i;
\echo :SQLSTATE
\! redis HGET h 150
INSERT INTO h SELECT i, i FROM generate_series(1, 1000) i ON CONFLICT DO NOTHING;
SELECT count(*), count(*) FILTER (WHERE value = field) AS same FROM h;
-- A failing update.
\set VERBOSITY terse
UPDATE h SET value = NULLIF(value, '700');
\set VERBOSITY default
\echo :SQLSTATE
SELECT count(*) FROM h;
-- An exception in a function discards what is still in a batch, not what was written.
TRUNCATE h;
CREATE FUNCTION fail_at(n int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO h SELECT i, 100 / (n - i) FROM generate_series(1, 1000) i;
  RETURN 'done';
EXCEPTION WHEN division_by_zero THEN
  RETURN 'failed with ' || (SELECT count(*) FROM h);
END $$;
SELECT fail_at(50);
SELECT fail_at(150);
\! redis HLEN h

-- From prepared statements.
PREPARE fill(int, int) AS INSERT INTO str SELECT 'str:' || i, i FROM generate_series($1, $2) i;
PREPARE empty(int) AS DELETE FROM str WHERE value::int > $1;
TRUNCATE str;
EXECUTE fill(1, 500);
EXECUTE fill(400, 1000);
EXECUTE empty(900);
SELECT count(*), sum(value::int) FROM str;
