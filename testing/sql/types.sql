-- SQL types of every part, in every layout that shows it.
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET intervalstyle = 'sql_standard';
SET bytea_output = 'escape';
SET extra_float_digits = 0;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN score_t AS int CHECK (VALUE BETWEEN 0 AND 100);

-- A row of everything: what is written does not depend on the session.
CREATE FOREIGN TABLE every (
  key text, i2 smallint, i4 int, i8 bigint, f4 real, f8 double precision, n numeric(10,2), b boolean,
  d date, t time, ts timestamp, tz timestamptz, iv interval, u uuid, m mood, dom score_t, a int[], ta text[],
  j json, jb jsonb, by bytea, c char(4), v varchar(5), ip inet
) SERVER redis_server OPTIONS (table_type 'hash', table_key_prefix 'every:*', row_per 'key');
INSERT INTO every VALUES ('every:1', 1, -2, 9223372036854775807, 0.1, 0.1, 1.5, true, '2024-02-03', '04:05:06.7',
  '2024-02-03 04:05:06', '2024-02-03 04:05:06+00', '1 day 02:00', '00000000-0000-0000-0000-00000000000A', 'ok', 42,
  '{1,NULL,3}', '{"a b",NULL,"c,d"}', '{"a":  1}', '{"a":  1}', '\x00ff', 'ab', 'abc', '10.0.0.1/8');
INSERT INTO every (key, f8, f4, tz, d, by) VALUES ('every:2', 'NaN', '-Infinity', 'infinity', '-infinity', '');
\! redis HGETALL every:1 | tr '\0\377' '@#' | paste - - | sort
\! redis HGETALL every:2 | paste - - | sort
\x
SELECT * FROM every WHERE key = 'every:1';
\x
RESET timezone;
RESET datestyle;
RESET intervalstyle;
RESET bytea_output;
RESET extra_float_digits;
\x
SELECT * FROM every WHERE key = 'every:1';
\x
SELECT key, f8, f4, tz, d, by FROM every WHERE key = 'every:2';
UPDATE every SET m = 'happy', dom = dom + 1, a = a || 4, jb = jb || '{"b": 2}', tz = tz + interval '1 hour', by = by || '\x01'
  WHERE key = 'every:1' RETURNING m, dom, a, jb, tz, by;
UPDATE every SET dom = 101 WHERE key = 'every:1';
\echo :SQLSTATE
UPDATE every SET n = 1.005 WHERE key = 'every:1' RETURNING n;

-- Stored values that are no input of the type: key, element and column are named.
\! redis HMSET every:3 i4 x b maybe d yesterdayish u 12 m glad dom 101 a '{1' jb '{' c abcdef v abcdefg i2 40000
SELECT i4 FROM every WHERE key = 'every:3';
\echo :SQLSTATE
SELECT key, b FROM every WHERE key = 'every:3';
SELECT key, d FROM every WHERE key = 'every:3';
SELECT key, u FROM every WHERE key = 'every:3';
SELECT key, m FROM every WHERE key = 'every:3';
SELECT key, dom FROM every WHERE key = 'every:3';
\echo :SQLSTATE
SELECT key, a FROM every WHERE key = 'every:3';
SELECT key, jb FROM every WHERE key = 'every:3';
SELECT key, c FROM every WHERE key = 'every:3';
\echo :SQLSTATE
SELECT key, i2 FROM every WHERE key = 'every:3';
\echo :SQLSTATE
\! redis DEL every:3
-- The same of other layouts.
CREATE FOREIGN TABLE h (field text, value int) SERVER redis_server OPTIONS (table_type 'hash', table_key_prefix 'h');
CREATE FOREIGN TABLE l (element date) SERVER redis_server OPTIONS (table_type 'list', table_key_prefix 'l');
CREATE FOREIGN TABLE str (key text, value jsonb) SERVER redis_server OPTIONS (table_type 'string', table_key_prefix 'str:*');
CREATE FOREIGN TABLE x (stream_id text, n int) SERVER redis_server OPTIONS (table_type 'stream', table_key_prefix 'x');
\! redis HSET h a x; redis RPUSH l 2024-01-01 x; redis SET str:1 '{'; redis XADD x 1-1 n x
SELECT * FROM h;
SELECT value FROM h;
SELECT value FROM h WHERE field = 'a';
SELECT * FROM l;
SELECT * FROM str;
SELECT value FROM str;
SELECT value FROM str WHERE key = 'str:1';
SELECT * FROM x;
SELECT n FROM x;
-- Where the column is not asked for, the row is there.
SELECT field FROM h;
SELECT count(*) FROM l;
SELECT key FROM str;
-- What is not text is an error in text, and bytes in bytea.
\! printf 'a\377b' | redis -x SET str:2; redis DEL str:1
CREATE FOREIGN TABLE strt (key text, value text) SERVER redis_server OPTIONS (table_type 'string', table_key_prefix 'str:*');
CREATE FOREIGN TABLE strb (key bytea, value bytea) SERVER redis_server OPTIONS (table_type 'string', table_key_prefix 'str:*');
SELECT * FROM strt;
\echo :SQLSTATE
SELECT * FROM strb;

-- Identities of other types, in keys, fields, members, and lookups of them.
CREATE FOREIGN TABLE by_uuid (id uuid, value text) SERVER redis_server
  OPTIONS (table_type 'string', key_template 'u:{id}');
INSERT INTO by_uuid VALUES ('A0000000-0000-0000-0000-000000000001', 'a');
\! redis KEYS 'u:*'
SELECT * FROM by_uuid WHERE id = 'a0000000-0000-0000-0000-000000000001';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM by_uuid WHERE id = 'a0000000-0000-0000-0000-000000000001';
CREATE FOREIGN TABLE by_time (at timestamptz, value text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'times');
SET timezone = 'Asia/Tokyo';
INSERT INTO by_time VALUES ('2024-02-03 04:05:06+00', 'a');
SET timezone = 'UTC';
SELECT * FROM by_time WHERE at = '2024-02-03 04:05:06+00';
UPDATE by_time SET value = 'b' WHERE at = '2024-02-03 13:05:06+09' RETURNING *;
DELETE FROM by_time WHERE at = '2024-02-03 04:05:06';
\! redis EXISTS times
CREATE FOREIGN TABLE by_mood (m mood, n bigint) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'moods');
INSERT INTO by_mood VALUES ('sad', 1), ('happy', 3);
SELECT * FROM by_mood WHERE m = 'happy';
SELECT * FROM by_mood WHERE m > 'sad' ORDER BY m;
UPDATE by_mood SET m = 'ok' WHERE m = 'sad';
\! redis ZRANGE moods 0 -1 WITHSCORES | paste - -
CREATE FOREIGN TABLE by_dom (s score_t) SERVER redis_server OPTIONS (table_type 'set', table_key_prefix 'doms');
INSERT INTO by_dom VALUES (7), (101);
INSERT INTO by_dom VALUES (7), (8);
SELECT * FROM by_dom WHERE s = 7;
DELETE FROM by_dom WHERE s = 7;
\! redis SMEMBERS doms
\! redis SADD doms 200
SELECT * FROM by_dom;
\echo :SQLSTATE
-- Types that cannot be.
CREATE FOREIGN TABLE bad (member text, score text) SERVER redis_server OPTIONS (table_type 'zset', table_key_prefix 'z');
CREATE FOREIGN TABLE bad (index text, element text) SERVER redis_server OPTIONS (table_type 'list', table_key_prefix 'l');
CREATE FOREIGN TABLE bad (stream_id int, a text) SERVER redis_server OPTIONS (table_type 'stream', table_key_prefix 'x');
CREATE FOREIGN TABLE bad (key text, elements text) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l:*', row_per 'key');
\echo :SQLSTATE

-- Prepared: operands of other types.
PREPARE by_id(uuid) AS SELECT value FROM by_uuid WHERE id = $1;
EXECUTE by_id('a0000000-0000-0000-0000-000000000001');
EXECUTE by_id('a0000000-0000-0000-0000-000000000002');
EXECUTE by_id(NULL);
PREPARE by_m(mood) AS SELECT * FROM by_mood WHERE m = $1;
EXECUTE by_m('ok');
EXECUTE by_m('sad');
PREPARE put(text, timestamptz, int[], jsonb) AS INSERT INTO every (key, tz, a, jb) VALUES ($1, $2, $3, $4) RETURNING tz, a, jb;
EXECUTE put('every:4', '2024-01-01 00:00+05', '{1,2}', '{"b": 1, "a": null}');
EXECUTE put('every:4', NULL, NULL, 'null');
\! redis HGETALL every:4 | paste - -
