-- Tables of many keys: a pattern in table_key_prefix, a row per string or per element.
CREATE FOREIGN TABLE cfg (key text, value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'cfg:*');
CREATE FOREIGN TABLE hh (key text, field text, value text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'h:*');
CREATE FOREIGN TABLE ll (key text, element text) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l:*');
CREATE FOREIGN TABLE lli (key text, index int, element text) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l:*');
CREATE FOREIGN TABLE ss (key text, member text) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 's:*');
CREATE FOREIGN TABLE zz (key text, member text, score float8) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z:*');
CREATE FOREIGN TABLE xx (key text, stream_id text, kind text) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'x:*');

-- INSERT: several keys a statement. Keys that are renamed to each other below share a hash tag, for
-- clusters: "h:2{h:1}" is where "h:1" is.
INSERT INTO cfg VALUES ('cfg:a', '1'), ('cfg:b', '2'), ('cfg:a', '3'), ('cfg:', 'empty');
INSERT INTO hh VALUES ('h:1', 'a', '1'), ('h:2{h:1}', 'a', '2'), ('h:1', 'b', '3');
INSERT INTO ll VALUES ('l:1', 'a'), ('l:2', 'b'), ('l:1', 'c'), ('l:1', 'a');
INSERT INTO lli VALUES ('l:2', 1, 'd'), ('l:3', NULL, 'e') RETURNING *;
INSERT INTO ss VALUES ('s:1', 'a'), ('s:2{s:1}', 'a'), ('s:1', 'b');
INSERT INTO zz VALUES ('z:1', 'a', 1), ('z:2{z:1}', 'a', 2), ('z:1', 'b', 3);
INSERT INTO xx VALUES ('x:1', '1-1', 'a'), ('x:2', '1-1', 'b'), ('x:1', '2-1', 'c');
INSERT INTO xx (key, kind) VALUES ('x:3', 'd') RETURNING key, stream_id ~ '^\d{13}-\d+$' AS generated;
\! redis DEL x:3
\! redis KEYS '*' | sort | paste -s
\! redis LRANGE l:1 0 -1 | paste -s
-- Keys of the pattern that hold other types are passed over; keys outside of it are not the table's.
\! redis MSET h:text{h:1} t l:text t s:text{s:1} t z:text{z:1} t x:text t outside:1 t xcfg:a t
\! redis RPUSH cfg:list t
SELECT * FROM cfg ORDER BY key;
SELECT * FROM hh ORDER BY key, field;
SELECT * FROM lli ORDER BY key, index;
SELECT * FROM ss ORDER BY key, member;
SELECT * FROM zz ORDER BY key, score;
SELECT * FROM xx ORDER BY key, stream_id;
SELECT key, count(*) FROM ll GROUP BY key ORDER BY key;

-- Predicates on the key.
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM cfg;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM cfg WHERE key = 'cfg:a';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM cfg WHERE key IN ('cfg:a', 'outside:1');
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM cfg WHERE key LIKE 'cfg:a%';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM cfg WHERE key COLLATE "C" >= 'cfg:a' AND key COLLATE "C" < 'cfg:b';
EXPLAIN (VERBOSE, COSTS OFF) SELECT value FROM hh WHERE key = 'h:1' AND field = 'a';
EXPLAIN (VERBOSE, COSTS OFF) SELECT value FROM hh WHERE field = 'a';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM zz WHERE key = 'z:1' AND score > 2;
SELECT * FROM cfg WHERE key = 'cfg:a';
SELECT * FROM cfg WHERE key = 'outside:1';
SELECT * FROM cfg WHERE key = 'cfg:list';
SELECT * FROM cfg WHERE key IN ('cfg:a', 'cfg:list', 'cfg:none', 'outside:1', 'cfg:b') ORDER BY key;
SELECT * FROM cfg WHERE key LIKE '%:a' ORDER BY key;
SELECT * FROM cfg WHERE key LIKE 'outside%';
SELECT * FROM cfg WHERE key LIKE 'cfg:_' ORDER BY key;
SELECT * FROM cfg WHERE key COLLATE "C" >= 'cfg:a' AND key COLLATE "C" < 'cfg:b';
SELECT * FROM cfg WHERE key COLLATE "C" > 'd' OR key = 'cfg:b';
SELECT value FROM hh WHERE key = 'h:1' AND field = 'a';
SELECT key, value FROM hh WHERE field = 'a' ORDER BY key;
SELECT * FROM hh WHERE key = 'outside:1';
SELECT * FROM ll WHERE key = 'l:1';
SELECT * FROM lli WHERE key = 'l:1' AND index = 1;
SELECT * FROM ss WHERE member = 'a' ORDER BY key;
SELECT * FROM zz WHERE key = 'z:1' AND score > 2;
SELECT * FROM xx WHERE key IN ('x:1', 'x:2') AND stream_id = '1-1' ORDER BY key;
-- Joins look keys up, and never outside of the pattern.
CREATE TABLE local (k text, note text);
INSERT INTO local VALUES ('cfg:a', 'one'), ('outside:1', 'two'), ('cfg:none', 'three'), (NULL, 'four'), ('cfg:a', 'five');
ANALYZE local;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM local JOIN cfg ON cfg.key = local.k;
SELECT * FROM local JOIN cfg ON cfg.key = local.k ORDER BY note;
SELECT note, value FROM local LEFT JOIN cfg ON cfg.key = local.k ORDER BY note;

-- Keys outside of the pattern cannot be written: an error, or a warning.
INSERT INTO cfg VALUES ('outside:2', 'x');
INSERT INTO cfg VALUES ('cfg:c', 'x'), ('outside:2', 'x');
\echo :SQLSTATE
INSERT INTO hh VALUES ('outside:2', 'f', 'v');
INSERT INTO cfg VALUES (NULL, 'x');
UPDATE cfg SET key = 'outside:2' WHERE key = 'cfg:a';
\echo :SQLSTATE
\! redis EXISTS outside:2 cfg:c
ALTER FOREIGN TABLE cfg OPTIONS (ADD strict_key_prefix 'false');
INSERT INTO cfg VALUES ('outside:2', 'x');
ALTER FOREIGN TABLE cfg OPTIONS (DROP strict_key_prefix);
\! redis GET outside:2
UPDATE cfg SET value = 'never' WHERE key = 'outside:2';
DELETE FROM cfg WHERE key IN ('outside:1', 'outside:2');
\! redis MGET outside:1 outside:2 | paste -s

-- ON CONFLICT DO NOTHING.
INSERT INTO cfg VALUES ('cfg:a', 'x'), ('cfg:c', '4') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO hh VALUES ('h:1', 'a', 'x'), ('h:3', 'a', '4') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO ss VALUES ('s:1', 'a'), ('s:3', 'a') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO zz VALUES ('z:1', 'a', 9), ('z:3', 'a', 4) ON CONFLICT DO NOTHING RETURNING *;

-- UPDATE: values, names within a key, keys; the TTL stays.
\! for key in cfg:a h:1 l:1 s:1 z:1; do redis EXPIRE $key 1000; done | paste -s
UPDATE cfg SET value = value || '!' WHERE key LIKE 'cfg:_';
UPDATE cfg SET key = 'cfg:moved{cfg:a}' WHERE key = 'cfg:a' RETURNING *;
\! redis SET cfg:there{cfg:a} 5
UPDATE cfg SET key = 'cfg:there{cfg:a}' WHERE key = 'cfg:moved{cfg:a}';
\echo :SQLSTATE
\! redis DEL cfg:there{cfg:a}
\! redis MGET cfg:a cfg:b cfg:c cfg:moved{cfg:a} | paste -s
\! redis_ttl cfg:moved{cfg:a} 900 1000
UPDATE hh SET value = key || value WHERE field = 'a';
UPDATE hh SET field = 'c' WHERE key = 'h:1' AND field = 'b' RETURNING *;
UPDATE hh SET key = 'h:2{h:1}' WHERE key = 'h:1' AND field = 'c' RETURNING *;
UPDATE hh SET key = 'h:2{h:1}' WHERE key = 'h:1' AND field = 'a';
\! redis HGETALL h:1 | paste -s
\! redis HGETALL h:2{h:1} | paste - - | sort
\! redis_ttl h:1 900 1000
UPDATE ll SET element = upper(element) WHERE element = 'a';
UPDATE lli SET element = 'x' WHERE key = 'l:1' AND index = 2 RETURNING *;
UPDATE ll SET key = 'l:9' WHERE key = 'l:1';
\echo :SQLSTATE
\! redis LRANGE l:1 0 -1 | paste -s
\! redis_ttl l:1 900 1000
UPDATE ss SET member = key || member WHERE key = 's:1';
UPDATE ss SET key = 's:2{s:1}' WHERE key = 's:1' AND member = 's:1a' RETURNING *;
\! redis SMEMBERS s:2{s:1} | sort | paste -s
\! redis_ttl s:1 900 1000
UPDATE zz SET score = score * 10 WHERE key = 'z:1';
UPDATE zz SET key = 'z:2{z:1}', member = 'c' WHERE key = 'z:1' AND member = 'a' RETURNING *;
\! redis ZRANGE z:2{z:1} 0 -1 WITHSCORES | paste - -
\! redis_ttl z:1 900 1000
UPDATE xx SET kind = 'x';
UPDATE cfg SET value = note FROM local WHERE cfg.key = local.k;
UPDATE cfg SET value = 'from ' || zz.member FROM zz WHERE cfg.key = 'cfg:b' AND zz.key = 'z:1' RETURNING cfg.*;
EXPLAIN (VERBOSE, COSTS OFF) UPDATE cfg SET value = 'x' WHERE key = 'cfg:b';
EXPLAIN (VERBOSE, COSTS OFF) UPDATE hh SET value = 'x' WHERE key = 'h:1' AND field IN ('a', 'b');
EXPLAIN (VERBOSE, COSTS OFF) UPDATE hh SET value = 'x' WHERE key = 'h:1';

-- DELETE: by identity, by key, by value, by join.
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM cfg WHERE key IN ('cfg:b', 'outside:1');
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM hh WHERE key = 'h:1';
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM hh WHERE key = 'h:1' AND field = 'a';
DELETE FROM cfg WHERE key IN ('cfg:b', 'outside:1', 'cfg:list', 'cfg:none');
DELETE FROM cfg WHERE value LIKE 'emp%' RETURNING *;
DELETE FROM hh WHERE key = 'h:1' AND field = 'a';
WITH gone AS (DELETE FROM hh WHERE field = 'a' RETURNING *) SELECT * FROM gone ORDER BY key;
DELETE FROM ll WHERE key = 'l:1' RETURNING *;
WITH gone AS (DELETE FROM lli WHERE index = 0 RETURNING *) SELECT * FROM gone ORDER BY key;
DELETE FROM ss WHERE member = 'a';
DELETE FROM zz WHERE key = 'z:2{z:1}';
DELETE FROM xx WHERE key = 'x:1' AND stream_id IN ('1-1', 'none');
DELETE FROM xx USING local WHERE xx.key = 'x:2' AND local.note = 'one';
SELECT * FROM cfg ORDER BY key;
SELECT * FROM hh ORDER BY key, field;
SELECT * FROM ll ORDER BY key;
SELECT * FROM ss ORDER BY key, member;
SELECT * FROM zz ORDER BY key, member;
SELECT * FROM xx ORDER BY key;
\! redis KEYS '*' | sort | paste -s

-- Keys of another type are passed over by all statements; moving an element to one is an error.
EXPLAIN (COSTS OFF) DELETE FROM hh WHERE key = 'h:text{h:1}' AND field = 'a';
DELETE FROM hh WHERE key IN ('h:2{h:1}', 'h:text{h:1}') AND field = 'a';
DELETE FROM hh WHERE key = 'h:text{h:1}' AND field = 'a';
UPDATE hh SET value = 'x' WHERE key IN ('h:2{h:1}', 'h:text{h:1}') AND field = 'c';
UPDATE hh SET key = 'h:2{h:1}' WHERE key = 'h:text{h:1}' AND field = 'a';
UPDATE hh SET key = 'h:text{h:1}' WHERE key = 'h:2{h:1}' AND field = 'c';
\echo :SQLSTATE
DELETE FROM ss WHERE key = 's:text{s:1}' AND member = 'a';
UPDATE ss SET member = 'b' WHERE key = 's:text{s:1}' AND member = 'a';
UPDATE ss SET key = 's:text{s:1}' WHERE key = 's:1' AND member = 's:1b';
DELETE FROM zz WHERE key = 'z:text{z:1}' AND member = 'a';
UPDATE zz SET score = 2 WHERE key = 'z:text{z:1}' AND member = 'a';
UPDATE zz SET key = 'z:text{z:1}' WHERE key = 'z:1' AND member = 'b';
DELETE FROM xx WHERE key = 'x:text' AND stream_id = '1-1';
DELETE FROM cfg WHERE key = 'cfg:list';
UPDATE cfg SET value = 'x' WHERE key = 'cfg:list';
INSERT INTO hh VALUES ('h:text{h:1}', 'a', '1');
\echo :SQLSTATE
\! redis MGET h:text{h:1} s:text{s:1} z:text{z:1} x:text | paste -s; redis HGETALL h:2{h:1} | paste -s; redis SMEMBERS s:1; redis ZCARD z:1; redis LLEN cfg:list

-- Patterns: escaped glob characters are literal, braces always are; classes and single characters.
\! redis FLUSHALL
\! redis MSET 'a*b:1' x 'aXb:1' y '{u}:1' z '{u}:2' z 'n1' 1 'n2' 2 'nx' 3 'n12' 4 > /dev/null
CREATE FOREIGN TABLE star (key text, value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'a\*b:*');
SELECT * FROM star;
INSERT INTO star VALUES ('aXb:2', 'x');
INSERT INTO star VALUES ('a*b:2', 'x');
SELECT * FROM star WHERE key = 'a*b:2';
CREATE FOREIGN TABLE star_one (value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'a\*b:1');
SELECT * FROM star_one;
CREATE FOREIGN TABLE tagged (key text, value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix '{u}:*');
SELECT * FROM tagged ORDER BY key;
UPDATE tagged SET key = '{u}:3' WHERE key = '{u}:1';
CREATE FOREIGN TABLE digits (key text, value int) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'n[0-9]');
SELECT * FROM digits ORDER BY key;
INSERT INTO digits VALUES ('n12', 5);
INSERT INTO digits VALUES ('n3', 5);
CREATE FOREIGN TABLE single (value int, key text OPTIONS (redis 'key')) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'n?');
SELECT * FROM single ORDER BY key;
\! redis KEYS '*' | sort | paste -s
-- The key as bytes.
CREATE FOREIGN TABLE raw (key bytea, value bytea) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'raw:*');
INSERT INTO raw VALUES ('raw:\000\377', '\x01');
SELECT * FROM raw;
DELETE FROM raw WHERE key = 'raw:\000\377';

-- Templates: the variable part is a column of its own type.
CREATE FOREIGN TABLE visits (day date, n int) SERVER redis_server
  OPTIONS (table_type 'string', key_template '{visits}:{day}:count');
INSERT INTO visits VALUES ('2024-02-01', 5), ('2024-02-02', 6);
\! redis GET {visits}:2024-02-01:count
\! redis SET {visits}:today:other 1
SELECT * FROM visits ORDER BY day;
SELECT * FROM visits WHERE day = '2024-02-02';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM visits WHERE day = '2024-02-02';
SET datestyle = 'German';
SELECT * FROM visits WHERE day IN ('02.02.2024', '03.02.2024');
RESET datestyle;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM visits WHERE day > '2024-02-01';
SELECT * FROM visits WHERE day > '2024-02-01';
UPDATE visits SET day = day + 7, n = n * 2 WHERE day = '2024-02-01' RETURNING *;
DELETE FROM visits WHERE day = '2024-02-02';
\! redis KEYS '{visits}:*' | sort
\! redis SET {visits}:soon:count 1
SELECT * FROM visits;
\echo :SQLSTATE
CREATE FOREIGN TABLE carts (item text, qty int, id int) SERVER redis_server
  OPTIONS (table_type 'hash', key_template 'cart:{id}');
INSERT INTO carts VALUES ('pen', 2, 7), ('ink', 1, 7), ('pen', 5, 8);
\! redis HGETALL cart:7 | paste - - | sort
SELECT id, sum(qty) FROM carts GROUP BY id ORDER BY id;
SELECT c.* FROM generate_series(6, 8) i JOIN carts c ON c.id = i WHERE item = 'pen' ORDER BY id;
UPDATE carts SET qty = qty + 1 WHERE id = 7 AND item = 'pen' RETURNING *;
DELETE FROM carts WHERE id = 8;
\! redis KEYS 'cart:*'

-- Prepared, from a function.
PREPARE look(text) AS SELECT * FROM cfg WHERE key = $1;
PREPARE look_like(text) AS SELECT * FROM cfg WHERE key LIKE $1 ORDER BY key;
PREPARE look_in(text[]) AS SELECT * FROM cfg WHERE key = ANY ($1) ORDER BY key;
PREPARE put(text, text) AS INSERT INTO cfg VALUES ($1, $2);
PREPARE change(text, text) AS UPDATE cfg SET value = $2 WHERE key = $1;
PREPARE remove(text) AS DELETE FROM cfg WHERE key = $1;
PREPARE field(text, text) AS SELECT value FROM hh WHERE key = $1 AND field = $2;
EXECUTE put('cfg:1', 'a');
EXECUTE put('cfg:2', 'b');
EXECUTE put('outside:3', 'c');
EXECUTE look('cfg:1');
EXECUTE look('n1');
EXECUTE look(NULL);
EXECUTE look_like('cfg:%');
EXECUTE look_like('n%');
EXECUTE look_like('%2');
EXECUTE look_in('{cfg:2,n1,cfg:1,cfg:1}');
EXECUTE change('cfg:1', 'A');
EXECUTE change('n1', 'A');
EXECUTE remove('n1');
EXECUTE remove('cfg:1');
\! redis MGET cfg:1 cfg:2 n1 | paste -s
INSERT INTO hh VALUES ('h:1', 'a', '1'), ('h:2{h:1}', 'a', '2');
EXECUTE field('h:1', 'a');
EXECUTE field('h:2{h:1}', 'a');
EXECUTE field('h:2{h:1}', 'b');
CREATE FUNCTION shift_all() RETURNS int LANGUAGE plpgsql AS $$
DECLARE r record; n int := 0;
BEGIN
  FOR r IN SELECT * FROM cfg LOOP
    INSERT INTO hh VALUES ('h:' || r.key, 'was', r.value);
    DELETE FROM cfg WHERE key = r.key;
    n := n + 1;
  END LOOP;
  RETURN n;
END $$;
SELECT shift_all();
SELECT * FROM hh ORDER BY key, field;
SELECT count(*) FROM cfg;
