-- The table type string, one key: every statement, checked with redis-cli.
CREATE FOREIGN TABLE motto (value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'motto');

-- INSERT writes the key, the last write wins.
SELECT * FROM motto;
INSERT INTO motto VALUES ('first');
INSERT INTO motto VALUES ('second'), ('third');
\! redis GET motto
SELECT * FROM motto;
INSERT INTO motto VALUES ('fourth') RETURNING value, length(value);
-- ON CONFLICT DO NOTHING does not overwrite, and writes what is not there.
INSERT INTO motto VALUES ('fifth') ON CONFLICT DO NOTHING;
INSERT INTO motto VALUES ('fifth') ON CONFLICT DO NOTHING RETURNING value;
\! redis GET motto
\! redis DEL motto
INSERT INTO motto VALUES ('sixth') ON CONFLICT DO NOTHING RETURNING value;
\! redis GET motto
-- Redis knows no other conflict.
INSERT INTO motto VALUES ('x') ON CONFLICT (value) DO NOTHING;
INSERT INTO motto VALUES ('x') ON CONFLICT (value) DO UPDATE SET value = 'y';
-- NULL is absence, which a string has not; the empty string is a value.
INSERT INTO motto VALUES (NULL);
INSERT INTO motto DEFAULT VALUES;
\echo :SQLSTATE
\! redis GET motto
INSERT INTO motto VALUES ('');
\! redis STRLEN motto
SELECT value, value IS NULL AS is_null FROM motto;

-- UPDATE keeps the TTL and creates nothing; an INSERT ends the TTL.
\! redis SET motto seventh EX 1000
UPDATE motto SET value = value || '!';
\! redis GET motto
\! redis_ttl motto 900 1000
UPDATE motto SET value = 'x' WHERE value = 'other';
UPDATE motto SET value = upper(value) WHERE value LIKE 'sev%' RETURNING *;
UPDATE motto SET value = NULL;
\! redis GET motto
INSERT INTO motto VALUES ('eighth');
\! redis TTL motto
\! redis DEL motto
UPDATE motto SET value = 'x';
\! redis EXISTS motto
CREATE TABLE local (id int, word text);
INSERT INTO local VALUES (1, 'one'), (2, 'two');
INSERT INTO motto SELECT word FROM local WHERE id = 1;
UPDATE motto SET value = local.word FROM local WHERE local.id = 2 AND motto.value = 'one';
\! redis GET motto

-- DELETE by value, with USING, of all.
DELETE FROM motto WHERE value = 'one';
\! redis GET motto
DELETE FROM motto USING local WHERE motto.value = local.word RETURNING motto.value, local.id;
\! redis EXISTS motto
INSERT INTO motto VALUES ('ninth');
DELETE FROM motto;
\! redis EXISTS motto
DELETE FROM motto RETURNING *;
-- What needs no look at the value needs no scan.
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM motto;
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM motto;
EXPLAIN (VERBOSE, COSTS OFF) UPDATE motto SET value = 'x';
EXPLAIN (VERBOSE, COSTS OFF) UPDATE motto SET value = value || 'x' WHERE value = 'y';

-- A key of another type is an error, and stays as it is.
\! redis RPUSH motto a
SELECT * FROM motto;
\echo :SQLSTATE
UPDATE motto SET value = 'x';
DELETE FROM motto;
TRUNCATE motto;
\! redis LRANGE motto 0 -1
-- But SET overwrites anything, as Redis does it.
INSERT INTO motto VALUES ('tenth');
\! redis GET motto
TRUNCATE motto;
\! redis EXISTS motto

-- A strict table: what is there is a unique violation.
CREATE FOREIGN TABLE once (value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'once', strict_insert 'true');
INSERT INTO once VALUES ('a');
INSERT INTO once VALUES ('b');
\echo :SQLSTATE
INSERT INTO once VALUES ('c') ON CONFLICT DO NOTHING;
\! redis GET once

-- Bytes.
CREATE FOREIGN TABLE raw (value bytea) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'raw');
INSERT INTO raw VALUES ('\x00ff0a');
\! redis STRLEN raw
SELECT * FROM raw;
UPDATE raw SET value = value || '\x01';
SELECT * FROM raw WHERE value = '\x00ff0a01';

-- Prepared, from a function.
PREPARE put(text) AS INSERT INTO motto VALUES ($1);
PREPARE change(text, text) AS UPDATE motto SET value = $2 WHERE value = $1;
PREPARE drop_it(text) AS DELETE FROM motto WHERE value = $1;
EXECUTE put('p1');
EXECUTE put('p2');
EXECUTE change('p1', 'never');
EXECUTE change('p2', 'p3');
\! redis GET motto
EXECUTE drop_it('p2');
\! redis GET motto
EXECUTE drop_it('p3');
\! redis EXISTS motto
CREATE FUNCTION cycle(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE seen text := '';
BEGIN
  FOR i IN 1..n LOOP
    INSERT INTO motto VALUES ('f' || i);
    UPDATE motto SET value = value || '+' || i WHERE value = 'f' || i;
    seen := seen || ' ' || (SELECT value FROM motto);
    DELETE FROM motto WHERE value LIKE 'f%' AND i < n;
    seen := seen || ' ' || (SELECT count(*) FROM motto);
  END LOOP;
  RETURN seen;
END $$;
SELECT cycle(3);
\! redis GET motto
