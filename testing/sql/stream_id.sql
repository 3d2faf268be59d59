-- The type redis_stream_id, by itself and as the id of streams: input and output, order, casts, indexes, joins;
-- then streams whose ids are text.
SET timezone = 'UTC';

-- Input and output.
SELECT '1640995200000-0'::redis_stream_id, '5'::redis_stream_id, '007-012'::redis_stream_id,
  '18446744073709551615-18446744073709551615'::redis_stream_id;
SELECT '*'::redis_stream_id;
\echo :SQLSTATE
SELECT '5-*'::redis_stream_id;
SELECT 'soon'::redis_stream_id;
SELECT ''::redis_stream_id;
SELECT '-'::redis_stream_id;
SELECT '1-2-3'::redis_stream_id;
SELECT '-1-0'::redis_stream_id;
SELECT ' 1-0'::redis_stream_id;
SELECT '18446744073709551616-0'::redis_stream_id;
\echo :SQLSTATE
SELECT redis_stream_id_send('1-258');
SELECT NULL::redis_stream_id IS NULL AS is_null, ARRAY['1-0', '2-0']::redis_stream_id[];
CREATE TABLE ids (id redis_stream_id);
COPY ids FROM STDIN;
10-10
10-0
2-1
\N
18446744073709551615-0
9-0
\.
COPY ids TO STDOUT;

-- Order, and the operators.
SELECT id FROM ids ORDER BY id;
SELECT id FROM ids ORDER BY id DESC NULLS LAST LIMIT 2;
SELECT min(id), max(id), count(id) FROM ids;
SELECT min(id) FROM ids WHERE id IS NULL;
SELECT a.id, b.id, a.id < b.id AS lt, a.id <= b.id AS le, a.id = b.id AS eq, a.id <> b.id AS ne,
  a.id >= b.id AS ge, a.id > b.id AS gt, redis_stream_id_cmp(a.id, b.id) AS cmp
  FROM ids a, ids b WHERE a.id < '10-10' AND b.id < '10-10' ORDER BY 1, 2;
SELECT greatest('2-1', id), least(id, '9-9') FROM ids ORDER BY id;
SELECT id FROM ids WHERE id BETWEEN '9' AND '10-5' ORDER BY id;
SELECT opcname, amname FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod
  WHERE opcintype = 'redis_stream_id'::regtype AND opcdefault ORDER BY amname;
SELECT amvalidate(oid) FROM pg_opclass WHERE opcintype = 'redis_stream_id'::regtype;

-- Indexes and joins of ordinary tables.
CREATE TABLE log (id redis_stream_id PRIMARY KEY, note text);
INSERT INTO log SELECT (i || '-' || i % 2)::redis_stream_id, 'note ' || i FROM generate_series(1, 2000) i;
ANALYZE log;
EXPLAIN (COSTS OFF) SELECT * FROM log WHERE id = '100-0';
SELECT * FROM log WHERE id = '100-0';
SELECT * FROM log WHERE id > '999-5' ORDER BY id LIMIT 2;
EXPLAIN (COSTS OFF) SELECT max(id) FROM log;
SELECT max(id), min(id) FROM log;
INSERT INTO log VALUES ('100-0', 'again');
CREATE INDEX ON log USING hash (id);
SET enable_hashjoin = on; SET enable_mergejoin = off; SET enable_nestloop = off;
SELECT count(*) FROM log a JOIN log b USING (id);
SET enable_hashjoin = off; SET enable_mergejoin = on;
SELECT count(*) FROM log a JOIN log b USING (id);
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_nestloop;
SELECT count(DISTINCT id), count(*) FROM (SELECT id FROM log UNION SELECT id FROM ids) u;
CREATE TABLE parts (id redis_stream_id) PARTITION BY HASH (id);
CREATE TABLE part0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT id FROM log;
SELECT count(*) FROM parts WHERE id = '7-1';

-- Casts.
SELECT '1640995200123-7'::redis_stream_id::timestamptz, '0-5'::redis_stream_id::timestamptz,
  '18446744073709551615-0'::redis_stream_id::timestamptz;
SELECT '9223372036854775807-0'::redis_stream_id::timestamptz;
\echo :SQLSTATE
SELECT '9223372036854775808-0'::redis_stream_id::timestamptz;
SELECT '2022-01-01 00:00:00.1239+00'::timestamptz::redis_stream_id,
  'infinity'::timestamptz::redis_stream_id, '-infinity'::timestamptz::redis_stream_id,
  '1969-12-31 23:59:59.9999+00'::timestamptz::redis_stream_id, '0001-01-01 BC'::timestamptz::redis_stream_id;
SELECT '1640995200000-0'::redis_stream_id >= '2022-01-01+00'::timestamptz AS at_once,
  '1640995199999-9'::redis_stream_id >= '2022-01-01+00'::timestamptz AS before;
SELECT '5-1'::redis_stream_id::text || '!' AS text, ('5-' || 1)::redis_stream_id AS id;
SELECT '5-1'::redis_stream_id = '5-1'::text;
INSERT INTO ids SELECT t FROM (VALUES ('77-0'::text), ('78')) v(t);
INSERT INTO ids SELECT '79-1'::varchar;
INSERT INTO ids VALUES ('1970-01-01 00:00:00.08+00'::timestamptz);
SELECT id FROM ids WHERE id BETWEEN '70' AND '90' ORDER BY id;
SELECT provolatile, proparallel, proisstrict, count(*) FROM pg_proc WHERE proname LIKE 'redis\_stream\_id\_%'
  GROUP BY 1, 2, 3;

-- A stream with such ids.
CREATE FOREIGN TABLE events (stream_id redis_stream_id, kind text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'events');
INSERT INTO events VALUES ('9-1', 'a'), ('10-0', 'b'), ('10-9', 'c'), ('10-10', 'd'), ('1640995200000-0', 'e'),
  ('1640995200001', 'f');
\! redis XRANGE events - + | paste -s
SELECT * FROM events ORDER BY stream_id;
SELECT * FROM events ORDER BY stream_id DESC LIMIT 2;
SELECT kind FROM events WHERE stream_id > '9-1' AND stream_id <= '10-9' ORDER BY stream_id;
SELECT kind FROM events WHERE stream_id >= '9' AND stream_id < '10-0';
SELECT kind FROM events WHERE '10-9' < stream_id ORDER BY stream_id;
SELECT kind FROM events WHERE stream_id > '18446744073709551615-18446744073709551615' OR stream_id < '0';
SELECT kind FROM events WHERE stream_id > NULL;
SELECT kind FROM events WHERE stream_id = '10-0';
SELECT kind FROM events WHERE stream_id = '1640995200001';
SELECT kind FROM events WHERE stream_id IN ('10-10', '7-7', '9-1', NULL) ORDER BY stream_id;
SELECT kind FROM events WHERE stream_id >= '2022-01-01+00'::timestamptz ORDER BY stream_id;
SELECT count(*) FROM events WHERE stream_id >= now() - interval '1 hour';
SELECT kind, stream_id::timestamptz AS at FROM events WHERE stream_id::timestamptz > '2021-01-01' ORDER BY stream_id;
SELECT min(stream_id), max(stream_id), count(*) FROM events;
SELECT max(stream_id) FROM events WHERE stream_id < '10-10';
SELECT count(*) FROM events WHERE stream_id < '2022-01-01+00'::timestamptz;
SELECT e.kind, l.note FROM log l JOIN events e ON e.stream_id = l.id ORDER BY l.id;
SELECT l.note, (SELECT count(*) FROM events e WHERE e.stream_id > l.id) AS later
  FROM log l WHERE l.id IN ('8-0', '9-1', '10-0') ORDER BY l.id;
PREPARE since(redis_stream_id) AS SELECT kind FROM events WHERE stream_id >= $1 ORDER BY stream_id LIMIT 2;
EXECUTE since('10-9');
EXECUTE since('11');
EXECUTE since(NULL);
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM events WHERE stream_id = '10-0';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM events WHERE stream_id > '10-0' AND stream_id <= '2022-01-01+00'::timestamptz;
-- Order, limit, offset, minimum and count.
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM events ORDER BY stream_id DESC LIMIT 2;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM events WHERE stream_id >= now() - interval '1 hour' ORDER BY stream_id LIMIT 2 OFFSET 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM events WHERE kind > 'a' ORDER BY stream_id LIMIT 2;
EXPLAIN (VERBOSE, COSTS OFF) SELECT max(stream_id) FROM events;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM events;
ALTER FOREIGN TABLE events OPTIONS (ADD use_remote_estimate 'false');
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM events JOIN log ON stream_id = id ORDER BY id;
ALTER FOREIGN TABLE events OPTIONS (DROP use_remote_estimate);
SELECT kind FROM events ORDER BY stream_id DESC LIMIT 2 OFFSET 1;
SELECT kind FROM events WHERE kind > 'a' ORDER BY stream_id LIMIT 2;
SELECT EXISTS (SELECT FROM events WHERE stream_id > '10-0'), EXISTS (SELECT FROM events WHERE stream_id < '9-0');
-- Ids are Redis's to choose, or given.
INSERT INTO events (kind) VALUES ('g') RETURNING stream_id > '1640995200001-0' AS later, kind;
INSERT INTO events VALUES (NULL, 'h') RETURNING stream_id >= '2024-01-01+00'::timestamptz AS recent;
INSERT INTO events VALUES ('*', 'i');
INSERT INTO events VALUES ('5-0', 'late');
\echo :SQLSTATE
DELETE FROM events WHERE stream_id = '10-9' RETURNING *;
DELETE FROM events WHERE stream_id >= '11-0' AND stream_id < '1640995200001-0' RETURNING kind;
DELETE FROM events WHERE stream_id > '2022-01-02+00'::timestamptz;
SELECT * FROM events ORDER BY 1;
-- The same whatever Redis is asked for.
CREATE TABLE copied AS SELECT * FROM events;
SET redis_fdw.enable_pushdown = off;
SELECT kind FROM events WHERE stream_id > '9-1' ORDER BY stream_id DESC;
RESET redis_fdw.enable_pushdown;
SELECT kind FROM events WHERE stream_id > '9-1' ORDER BY stream_id DESC;
SELECT kind FROM copied WHERE stream_id > '9-1' ORDER BY stream_id DESC;
-- In a domain, in a table of many streams, and as a value elsewhere.
CREATE DOMAIN recent_id AS redis_stream_id CHECK (VALUE > '2-0');
CREATE FOREIGN TABLE many (key text, stream_id recent_id, kind text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'many:*');
INSERT INTO many VALUES ('many:a', '3-0', 'x'), ('many:a', '10-0', 'y'), ('many:b', '4-0', 'z');
INSERT INTO many VALUES ('many:b', '1-0', 'z');
SELECT * FROM many WHERE stream_id > '3-0' ORDER BY key, stream_id;
SELECT * FROM many WHERE key = 'many:a' ORDER BY stream_id DESC;
CREATE FOREIGN TABLE seen (member redis_stream_id) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 'seen');
INSERT INTO seen VALUES ('10-0'), ('9');
\! redis SMEMBERS seen | sort | paste -s
SELECT * FROM seen WHERE member > '9-0';
SELECT * FROM seen WHERE member = '9';
\! redis SADD seen 09-0
SELECT * FROM seen;
\echo :SQLSTATE
CREATE FOREIGN TABLE bad (stream_id bigint, kind text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'events');

-- Ids as text: SQL's order of texts, whatever Redis's is.
CREATE FOREIGN TABLE texts (stream_id text, kind text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'texts');
CREATE FOREIGN TABLE bytes (stream_id bytea, kind text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'texts');
ALTER FOREIGN TABLE texts ADD COLUMN who text;
INSERT INTO texts VALUES ('1640995200000-0', 'a'), ('1640995200000-9', 'b'), ('1640995200000-10', 'c'),
  ('1640995200001-0', 'd'), ('1640995200005-0', 'e');
SELECT kind FROM texts ORDER BY stream_id;
SELECT kind FROM texts ORDER BY stream_id DESC LIMIT 3;
SELECT kind FROM texts ORDER BY stream_id COLLATE "C" DESC;
SELECT kind FROM texts WHERE stream_id > '1640995200000-10' ORDER BY stream_id;
SELECT kind FROM texts WHERE stream_id >= '1640995200000-10' AND stream_id COLLATE "C" < '1640995200005' ORDER BY stream_id;
SELECT kind FROM texts WHERE stream_id < '164099520000' ORDER BY stream_id;
SELECT kind FROM texts WHERE stream_id > '164099520000' ORDER BY stream_id;
SELECT kind FROM texts WHERE stream_id > 'soon' OR stream_id = '1640995200001-0';
SELECT kind FROM bytes WHERE stream_id > '1640995200000-10' ORDER BY stream_id DESC;
SELECT min(stream_id), max(stream_id) FROM texts;
EXPLAIN (VERBOSE, COSTS OFF) SELECT kind FROM texts WHERE stream_id COLLATE "C" >= '1640995200000-0';
EXPLAIN (VERBOSE, COSTS OFF) SELECT kind FROM bytes WHERE stream_id > '1640995200000-0' AND stream_id < '1640995200001-0';
EXPLAIN (VERBOSE, COSTS OFF) SELECT kind FROM texts ORDER BY stream_id DESC LIMIT 3;
-- Rows of a group that are in use while its rest is set aside, since a connection is wanted elsewhere.
ALTER SERVER redis_server OPTIONS (ADD pool_max_size '1');
SELECT kind, stream_id, (SELECT string_agg(i.kind, ' ' ORDER BY i.stream_id DESC) FROM texts i WHERE i.stream_id >= o.stream_id) AS later
  FROM (SELECT * FROM texts ORDER BY stream_id LIMIT 4) o;
ALTER SERVER redis_server OPTIONS (DROP pool_max_size);
-- Whatever the collation, the rows are those of an ordinary table, in its order.
CREATE FUNCTION compare() RETURNS TABLE (problem text) LANGUAGE plpgsql AS $$
DECLARE
  c text; op text; operand text; direction text; query text; a text; b text; tried int := 0;
BEGIN
  CREATE TEMP TABLE plain AS SELECT stream_id, kind FROM texts;
  FOR c IN SELECT quote_ident(collname) FROM pg_collation
           WHERE collname IN ('default', 'C', 'POSIX', 'C.utf8', 'ucs_basic', 'und-x-icu', 'en-x-icu', 'ar-x-icu', 'de-AT-x-icu') LOOP
    FOREACH op IN ARRAY ARRAY['<', '<=', '>', '>='] LOOP
      FOREACH operand IN ARRAY ARRAY['1640995200000-0', '1640995200000-10', '1640995200000-2', '1640995200000', '1640995200001',
          '1640995200003-7', '1640995200005-0', '1640995200006', '164099520000', '9', '9-9', '10-0', '10', '99-5', '100-0',
          '1640995200000-', '1640995200000x', '01640995200000-0', '', 'soon', '-', '2', '16409952000001-0'] LOOP
        FOREACH direction IN ARRAY ARRAY['ASC', 'DESC'] LOOP
          query := format('SELECT string_agg(stream_id, %L) FROM (SELECT stream_id FROM %%s WHERE stream_id %s %L COLLATE %s '
                          'ORDER BY stream_id COLLATE %s %s) s', ' ', op, operand, c, c, direction);
          EXECUTE format(query, 'texts') INTO a;
          EXECUTE format(query, 'plain') INTO b;
          tried := tried + 1;
          IF a IS DISTINCT FROM b THEN problem := query || ': ' || coalesce(a, 'NULL') || ' is not ' || coalesce(b, 'NULL'); RETURN NEXT; END IF;
        END LOOP;
      END LOOP;
    END LOOP;
  END LOOP;
  DROP TABLE plain;
  IF tried < 500 THEN problem := 'tried only ' || tried; RETURN NEXT; END IF;
END $$;
SELECT * FROM compare();
-- With digits of another number order and bounds are as ever.
\! redis DEL texts
INSERT INTO texts VALUES ('9-0', 'a'), ('10-0', 'b'), ('100-0', 'c');
SELECT kind FROM texts ORDER BY stream_id;
SELECT kind FROM texts WHERE stream_id > '10-0' ORDER BY stream_id DESC;
SELECT kind FROM bytes WHERE stream_id > '10-0' ORDER BY stream_id;
SELECT * FROM compare();

-- A group that is sorted on disk when its scan fails, in the turn of another one.
CREATE FOREIGN TABLE wrong (stream_id text, pad text, n int) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'wrong');
CREATE FOREIGN TABLE as_written (stream_id text, pad text, n text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'wrong');
\! redis DEL wrong
INSERT INTO as_written SELECT i || '-' || j, repeat('x', 200), CASE j WHEN 3000 THEN 'none' ELSE '1' END
  FROM generate_series(1, 2) i, generate_series(1, (i - 1) * 2999 + 1) j;
ALTER SERVER redis_server OPTIONS (ADD pool_max_size '1');
SET work_mem = '64kB';
BEGIN;
DECLARE c CURSOR FOR SELECT stream_id, n, length(pad) FROM wrong ORDER BY stream_id;
FETCH 1 FROM c;
SAVEPOINT other;
SELECT count(*) FROM as_written WHERE n = '1';
ROLLBACK TO other;
CLOSE c;
COMMIT;
RESET work_mem;
ALTER SERVER redis_server OPTIONS (DROP pool_max_size);

-- In another schema, and under a name that is somebody else's.
CREATE SCHEMA elsewhere;
ALTER EXTENSION redis_fdw SET SCHEMA elsewhere;
SELECT * FROM events WHERE stream_id OPERATOR(elsewhere.>) '10-0' ORDER BY 1;
CREATE TYPE redis_stream_id AS ENUM ('a', 'b');
IMPORT FOREIGN SCHEMA "events" FROM SERVER redis_server INTO elsewhere;
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
  WHERE attrelid = 'elsewhere.events'::regclass AND attname = 'stream_id';
SELECT kind FROM elsewhere.events WHERE stream_id OPERATOR(elsewhere.>) '10-0' ORDER BY stream_id;
EXPLAIN (VERBOSE, COSTS OFF) SELECT kind FROM elsewhere.events WHERE stream_id OPERATOR(elsewhere.>) '10-0';
DROP TYPE redis_stream_id;
ALTER EXTENSION redis_fdw SET SCHEMA public;
DROP FOREIGN TABLE elsewhere.events;
DROP SCHEMA elsewhere;
