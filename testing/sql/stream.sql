-- The table type stream, one key: every statement, checked with redis-cli. Generated ids differ and are not printed.
CREATE FOREIGN TABLE events (stream_id text, kind text, who text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'events');

-- INSERT: ids are generated for NULL, '*' and nothing; explicit ones are honoured.
INSERT INTO events VALUES ('1-1', 'login', 'ada') RETURNING *;
INSERT INTO events VALUES ('2', 'login', 'bob') RETURNING *;
INSERT INTO events VALUES ('3-*', 'login', 'cyd') RETURNING *;
\! redis XRANGE events - + | paste -s
INSERT INTO events VALUES ('1-5', 'late', 'eve');
\echo :SQLSTATE
INSERT INTO events VALUES ('3-0', 'late', 'eve') RETURNING *;
INSERT INTO events VALUES ('0-0', 'zero', 'eve');
INSERT INTO events VALUES ('4-0', 'a', 'b'), ('2-0', 'late', 'eve'), ('5-0', 'c', 'd');
\! redis XRANGE events 4 + | paste -s
INSERT INTO events VALUES ('soon', 'a', 'b');
\echo :SQLSTATE
INSERT INTO events VALUES (NULL, 'a', 'b'), ('*', 'c', 'd');
INSERT INTO events (kind) VALUES ('e')
  RETURNING stream_id ~ '^\d{13}-\d+$' AS generated, kind, who;
-- The id that RETURNING gave is the entry's.
WITH new AS (INSERT INTO events (kind, who) VALUES ('f', 'g') RETURNING stream_id)
SELECT stream_id ~ '^\d{13}-\d+$' AS generated FROM new;
SELECT kind, who FROM events ORDER BY stream_id DESC LIMIT 1;
DO $$
DECLARE id text; n int;
BEGIN
  INSERT INTO events (kind, who) VALUES ('h', 'i') RETURNING stream_id INTO id;
  SELECT count(*) INTO n FROM events WHERE stream_id = id AND kind = 'h';
  RAISE NOTICE 'found %', n;
END $$;
-- A NULL field is one that is not there; an entry has one at least.
SELECT kind, who FROM events WHERE stream_id > '5-0' ORDER BY stream_id;
INSERT INTO events VALUES (NULL, NULL, NULL);
\echo :SQLSTATE
INSERT INTO events VALUES (NULL, '', NULL) RETURNING kind, who;
\! redis XLEN events
INSERT INTO events (kind) SELECT 'bulk ' || i FROM generate_series(1, 3000) i;
INSERT INTO events (kind) SELECT 'copy' FROM events WHERE kind LIKE 'bulk%';
SELECT kind = 'copy' AS copied, count(*), count(DISTINCT stream_id) FROM events WHERE kind LIKE 'bulk%' OR kind = 'copy' GROUP BY 1 ORDER BY 1;
\! redis XLEN events

-- SELECT by id.
SELECT * FROM events WHERE stream_id = '1-1';
SELECT * FROM events WHERE stream_id = '1';
SELECT * FROM events WHERE stream_id IN ('1-1', '3-0', 'soon', '9-9') ORDER BY 1;
SELECT * FROM events WHERE stream_id >= '2-0' AND stream_id < '4-0';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM events WHERE stream_id = '1-1';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM events WHERE who = 'ada';

-- No UPDATE; no conflict.
UPDATE events SET kind = 'x' WHERE stream_id = '1-1';
\echo :SQLSTATE
-- An entry that is there stays, another id that is too small is an error still.
INSERT INTO events VALUES ('1-1', 'x', 'y') ON CONFLICT DO NOTHING;
INSERT INTO events VALUES ('2', 'x', 'y'), (NULL, 'new', NULL), ('3-0', 'x', 'y') ON CONFLICT DO NOTHING
  RETURNING stream_id ~ '^\d{13}-\d+$' AS generated, kind;
INSERT INTO events VALUES ('1-2', 'x', 'y') ON CONFLICT DO NOTHING;
CREATE FOREIGN TABLE strict (stream_id text, kind text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'strict', strict_insert 'true', ttl '1000');
INSERT INTO strict VALUES ('1-1', 'a'), ('2-*', 'b'), (NULL, 'c') RETURNING kind;
INSERT INTO strict VALUES ('1-1', 'd');
\echo :SQLSTATE
INSERT INTO strict VALUES ('1-1', 'd'), (NULL, 'e') ON CONFLICT DO NOTHING RETURNING kind;
\! redis XLEN strict; redis_ttl strict 900 1000

-- DELETE.
DELETE FROM events WHERE kind LIKE 'bulk%' OR kind = 'copy';
\! redis XLEN events
DELETE FROM events WHERE stream_id = '1-1' RETURNING *;
DELETE FROM events WHERE stream_id IN ('2-0', '7-7', 'soon');
CREATE TABLE local (who text);
INSERT INTO local VALUES ('cyd');
DELETE FROM events USING local WHERE events.who = local.who RETURNING events.*;
\! redis XRANGE events - 9 | paste -s
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM events WHERE stream_id IN ('4-0', '7-7');
DELETE FROM events;
SELECT count(*) FROM events;
\! redis XLEN events
TRUNCATE events;
\! redis EXISTS events

-- Fields by column option, typed; those no column shows in a jsonb; the key's TTL.
CREATE FOREIGN TABLE typed (
  at timestamptz OPTIONS (field 'ttl'), rest jsonb OPTIONS (redis '*'), n int OPTIONS (field 'key'),
  id text OPTIONS (redis 'stream_id'), ttl int
) SERVER redis_server OPTIONS (table_type 'stream', table_key_prefix 'typed', ttl '1000');
INSERT INTO typed (id, at, n, rest) VALUES
  ('1-1', '2024-01-01 12:00+02', 5, '{"a": 1, "b": "two", "c": null, "d": [1, 2]}'),
  ('1-2', NULL, NULL, '{"a": "x"}'), ('1-3', NULL, 6, NULL), ('1-4', NULL, 7, '{}');
\! redis XRANGE typed - + | paste -s
SELECT id, at, n, rest, ttl BETWEEN 900 AND 1000 AS in_time FROM typed ORDER BY id;
INSERT INTO typed (n, rest) VALUES (1, '{"key": "2"}');
INSERT INTO typed (n, rest) VALUES (1, '[]');
INSERT INTO typed (rest) VALUES ('{"a": null}');
INSERT INTO typed (n, ttl) VALUES (1, 5);
\! redis XADD typed 2-0 key many
SELECT n FROM typed;
\echo :SQLSTATE
\! redis XADD typed 3-0 a first a second
SELECT rest FROM typed WHERE id = '3-0';
-- Too small an id through RETURNING's path; wrong type.
INSERT INTO typed (id, n) VALUES ('1-9', 1) RETURNING id;
\! redis SET events text
SELECT * FROM events;
INSERT INTO events (kind) VALUES ('a');
DELETE FROM events WHERE stream_id = '1-1';
TRUNCATE events;
\echo :SQLSTATE
\! redis DEL events

-- Prepared, from a function.
PREPARE put(text, text, text) AS INSERT INTO events VALUES ($1, $2, $3);
PREPARE look(text) AS SELECT * FROM events WHERE stream_id = $1;
PREPARE remove(text) AS DELETE FROM events WHERE stream_id = $1;
EXECUTE put('1-0', 'a', 'b');
EXECUTE put('2-0', 'c', NULL);
EXECUTE put('2-0', 'd', 'e');
EXECUTE put(NULL, 'f', 'g');
EXECUTE look('1-0');
EXECUTE look('2-0');
EXECUTE look('2');
EXECUTE look(NULL);
EXECUTE look('soon');
EXECUTE remove('1-0');
EXECUTE remove('1-0');
EXECUTE remove('soon');
\! redis XLEN events
CREATE FUNCTION log_all(n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE ids text[]; id text;
BEGIN
  FOR i IN 1..n LOOP
    INSERT INTO events (kind, who) VALUES ('loop', i) RETURNING stream_id INTO id;
    ids := ids || id;
  END LOOP;
  DELETE FROM events WHERE stream_id = ids[1];
  RETURN (SELECT count(*) FROM events WHERE stream_id = ANY (ids));
END $$;
SELECT log_all(5);
\! redis XLEN events
