-- The table type hash, one key, a row per field: every statement, checked with redis-cli.
CREATE FOREIGN TABLE h (field text, value text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'h');
CREATE TABLE local (field text, value text);
INSERT INTO local VALUES ('a', 'A'), ('c', 'C'), ('z', 'Z');

-- INSERT: several rows, the last write wins.
INSERT INTO h VALUES ('a', '1'), ('b', '2'), ('a', '3');
INSERT INTO h (value, field) VALUES ('', 'empty');
\! redis HGETALL h | paste - - | sort
SELECT * FROM h ORDER BY field;
INSERT INTO h VALUES ('b', '4') RETURNING *;
-- ON CONFLICT DO NOTHING does not overwrite.
INSERT INTO h VALUES ('b', '5'), ('c', '6') ON CONFLICT DO NOTHING RETURNING *;
\! redis HMGET h b c
-- A NULL is refused, and nothing of its statement is written.
INSERT INTO h VALUES ('d', '7'), ('e', NULL);
INSERT INTO h VALUES ('d', '7'), (NULL, '8');
\echo :SQLSTATE
\! redis HEXISTS h d
-- From a table, and from itself: the scan ends before the first write.
INSERT INTO h SELECT field, value FROM local;
INSERT INTO h SELECT field || field, value FROM h WHERE value <> '';
\! redis HGETALL h | paste - - | sort

-- UPDATE: values, renames, both.
\! redis EXPIRE h 1000
UPDATE h SET value = lower(value) WHERE field IN ('a', 'aa', 'none');
UPDATE h SET field = 'y' WHERE field = 'z' RETURNING *;
UPDATE h SET field = 'x', value = 'X' WHERE field = 'zz' RETURNING *;
\! redis HMGET h a aa y x z zz
-- Onto a field that is there: nothing happens to either.
UPDATE h SET field = 'x' WHERE field = 'y';
\echo :SQLSTATE
\! redis HMGET h x y
-- Rotating names would need the old one to go first.
UPDATE h SET field = CASE field WHEN 'x' THEN 'y' ELSE 'x' END WHERE field IN ('x', 'y');
\! redis HMGET h x y
UPDATE h SET value = NULL WHERE field = 'x';
UPDATE h SET field = NULL WHERE field = 'x';
UPDATE h SET value = 'n' WHERE field = 'none';
UPDATE h SET value = h.value || l.value FROM local l WHERE h.field = l.field AND l.field <> 'z'
  RETURNING h.*, l.value;
\! redis HMGET h a c
\! redis_ttl h 900 1000
-- A field that vanished between scan and write is not created: its trigger removes it.
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM redis_command('redis_server', 'HDEL', 'h', OLD.field);
  RETURN NEW;
END $$;
CREATE TRIGGER vanish BEFORE UPDATE ON h FOR EACH ROW WHEN (OLD.field = 'cc')
  EXECUTE FUNCTION vanish();
UPDATE h SET value = 'again' WHERE field = 'cc' RETURNING *;
\! redis HEXISTS h cc
DROP TRIGGER vanish ON h;

-- DELETE: by field, by value, by join, all.
DELETE FROM h WHERE field = 'aa' RETURNING *;
DELETE FROM h WHERE value = '4';
DELETE FROM h USING local l WHERE h.field = l.field AND l.field = 'a' RETURNING h.field, l.value;
DELETE FROM h WHERE field = 'none';
\! redis HGETALL h | paste - - | sort
DELETE FROM h;
\! redis EXISTS h

-- What Redis decides, and what it only narrows.
INSERT INTO h SELECT 'f' || i, i FROM generate_series(1, 20) i;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM h WHERE field = 'f7';
SELECT * FROM h WHERE field = 'f7';
EXPLAIN (VERBOSE, COSTS OFF) SELECT value FROM h WHERE field IN ('f7', 'f8', 'none');
SELECT value FROM h WHERE field IN ('f7', 'f8', 'none') ORDER BY 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM h WHERE field LIKE 'f1%' AND value > '11';
SELECT * FROM h WHERE field LIKE 'f1%' AND value > '16' ORDER BY 1;
SELECT field FROM h WHERE field COLLATE "C" >= 'f18' AND field COLLATE "C" < 'f20' ORDER BY 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM h;
SELECT count(*) FROM h;
-- As of a hash that is not known to be this small.
ALTER FOREIGN TABLE h OPTIONS (ADD use_remote_estimate 'false');
EXPLAIN (VERBOSE, COSTS OFF) SELECT h.value FROM (VALUES ('f3'), ('f5'), (NULL)) v(f) JOIN h ON h.field = v.f;
ALTER FOREIGN TABLE h OPTIONS (DROP use_remote_estimate);
SELECT h.value FROM (VALUES ('f3'), ('f5'), (NULL)) v(f) JOIN h ON h.field = v.f ORDER BY 1;
-- Direct UPDATE and DELETE, and those that have to look.
EXPLAIN (VERBOSE, COSTS OFF) UPDATE h SET value = 'x' WHERE field = 'f1';
EXPLAIN (VERBOSE, COSTS OFF) UPDATE h SET value = value || 'x' WHERE field = 'f1';
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM h WHERE field IN ('f1', 'f2');
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM h WHERE value = '1';
EXPLAIN (VERBOSE, COSTS OFF) INSERT INTO h VALUES ('a', 'b');
DELETE FROM h WHERE field IN ('f1', 'f2');
UPDATE h SET value = 'direct' WHERE field = 'f3';
\! redis HMGET h f1 f2 f3

-- Strict: an error names the row; rows before it are written.
CREATE FOREIGN TABLE strict (field text, value text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'strict', strict_insert 'true');
INSERT INTO strict VALUES ('a', '1');
INSERT INTO strict VALUES ('b', '2'), ('a', '3'), ('c', '4');
\echo :SQLSTATE
\! redis HGET strict a
INSERT INTO strict VALUES ('a', '5'), ('d', '6') ON CONFLICT DO NOTHING;
\! redis HMGET strict a d

-- Wrong type.
\! redis SET h text
SELECT * FROM h;
INSERT INTO h VALUES ('a', '1');
UPDATE h SET value = 'x' WHERE field = 'a';
DELETE FROM h WHERE field = 'a';
TRUNCATE h;
\echo :SQLSTATE
\! redis GET h
\! redis DEL h
INSERT INTO h VALUES ('a', '1');
TRUNCATE h;
\! redis EXISTS h

-- Columns by role, in another order.
CREATE FOREIGN TABLE turned (v int OPTIONS (redis 'value'), f bytea OPTIONS (redis 'field'))
  SERVER redis_server OPTIONS (table_type 'hash', table_key_prefix 'h');
INSERT INTO turned VALUES (1, 'one'), (2, '\xff00');
SELECT * FROM turned ORDER BY v;
UPDATE turned SET v = v * 10, f = f || '!' WHERE f = 'one';
\! redis HGET h 'one!'
DELETE FROM turned WHERE f = '\xff00';
\! redis HLEN h

-- Views with a check option, partitions.
CREATE VIEW short AS SELECT * FROM h WHERE length(value) < 4 WITH CHECK OPTION;
INSERT INTO short VALUES ('ok', 'yes'), ('not', 'too long');
INSERT INTO short VALUES ('not', 'too long');
UPDATE short SET value = 'too long' WHERE field = 'ok';
UPDATE short SET value = 'no' WHERE field = 'ok' RETURNING *;
\! redis HMGET h ok not
CREATE TABLE parts (field text, value text) PARTITION BY LIST (value);
CREATE FOREIGN TABLE part_x PARTITION OF parts FOR VALUES IN ('x') SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'part:x');
CREATE FOREIGN TABLE part_y PARTITION OF parts FOR VALUES IN ('y') SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'part:y');
CREATE TABLE part_z PARTITION OF parts FOR VALUES IN ('z');
INSERT INTO parts VALUES ('1', 'x'), ('2', 'y'), ('3', 'z'), ('4', 'x');
\! redis HGETALL part:x | paste - - | sort
\! redis HGETALL part:y
INSERT INTO part_x VALUES ('5', 'y');
UPDATE parts SET value = 'z' WHERE field = '1';
UPDATE parts SET value = 'x' WHERE field = '3';
DELETE FROM parts WHERE field IN ('2', '4');
SELECT tableoid::regclass, * FROM parts ORDER BY field;
\! redis HGETALL part:x

-- Prepared, several times, with several operands.
\! redis DEL h
PREPARE put(text, text) AS INSERT INTO h VALUES ($1, $2);
PREPARE put_new(text, text) AS INSERT INTO h VALUES ($1, $2) ON CONFLICT DO NOTHING;
PREPARE look(text) AS SELECT * FROM h WHERE field = $1;
PREPARE look_many(text[]) AS SELECT * FROM h WHERE field = ANY ($1) ORDER BY field;
PREPARE look_like(text) AS SELECT * FROM h WHERE field LIKE $1 ORDER BY field;
PREPARE change(text, text) AS UPDATE h SET value = $2 WHERE field = $1;
PREPARE rename(text, text) AS UPDATE h SET field = $2 WHERE field = $1 RETURNING *;
PREPARE remove(text[]) AS DELETE FROM h WHERE field = ANY ($1);
EXECUTE put('a', '1');
EXECUTE put('b', '2');
EXECUTE put_new('b', '3');
EXECUTE put_new('c', '3');
EXECUTE look('a');
EXECUTE look('b');
EXECUTE look(NULL);
EXECUTE look('c');
EXECUTE look('none');
EXECUTE look('a');
EXECUTE look('b');
EXPLAIN (COSTS OFF) EXECUTE look('b');
EXECUTE look_many('{a,c,none,a}');
EXECUTE look_many('{}');
EXECUTE look_like('b%');
EXECUTE look_like('%');
EXECUTE change('a', '10');
EXECUTE change('none', '10');
EXECUTE change('a', NULL);
EXECUTE rename('a', 'd');
EXECUTE rename('d', 'b');
EXECUTE put(NULL, '1');
\! redis HGETALL h | paste - - | sort
EXECUTE remove('{b,none,c}');
\! redis HGETALL h

-- From a function: writes are seen by the reads after them.
CREATE FUNCTION cycle(n int) RETURNS TABLE (step int, fields text) LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  DELETE FROM h;
  FOR i IN 1..n LOOP
    INSERT INTO h VALUES ('k' || i, i), ('m' || i, -i);
    UPDATE h SET value = value || '*' WHERE field = 'k' || i;
    UPDATE h SET field = 'n' || i WHERE field = 'm' || i;
    DELETE FROM h WHERE field = 'n' || (i - 1);
    step := i;
    SELECT string_agg(h.field || '=' || h.value, ' ' ORDER BY h.field) INTO fields FROM h;
    RETURN NEXT;
  END LOOP;
  FOR r IN SELECT * FROM h LOOP
    UPDATE h SET value = r.value || '!' WHERE field = r.field;
  END LOOP;
  BEGIN
    INSERT INTO h VALUES (NULL, 'x');
  EXCEPTION WHEN not_null_violation THEN
    INSERT INTO h VALUES ('caught', 'x');
  END;
END $$;
SELECT * FROM cycle(3);
\! redis HGETALL h | paste - - | sort
