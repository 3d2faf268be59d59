-- Lists, sets and sorted sets with row_per 'key': a row per collection, its elements an array.
CREATE FOREIGN TABLE lists (key text, elements text[]) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l:*', row_per 'key');
CREATE FOREIGN TABLE sets (key text, members int[], ttl int) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 's:*', row_per 'key');
CREATE FOREIGN TABLE zsets (id int, members text[], scores float8[]) SERVER redis_server
  OPTIONS (table_type 'zset', key_template 'z:{id}', row_per 'key', ttl '1000');

-- INSERT replaces the collection. Lists that are renamed below share a hash tag, for clusters:
-- "l:2{l:1}" is where "l:1" is.
INSERT INTO lists VALUES ('l:1', '{a,b,a}'), ('l:2{l:1}', '{"x y",""}');
INSERT INTO lists VALUES ('l:2{l:1}', '{c}') RETURNING *;
INSERT INTO sets VALUES ('s:1', '{3,1,2,1}', NULL), ('s:2', '{5}', 500);
INSERT INTO zsets VALUES (1, '{a,b,c}', '{2,1,Infinity}'), (2, ARRAY['x'], ARRAY[0.1]);
\! redis LRANGE l:1 0 -1 | paste -s
\! redis LRANGE l:2{l:1} 0 -1 | paste -s
\! redis SMEMBERS s:1 | sort | paste -s
\! redis_ttl s:2 400 500
\! redis ZRANGE z:1 0 -1 WITHSCORES | paste -s
\! redis_ttl z:1 900 1000
SELECT * FROM lists ORDER BY key;
SELECT key, members FROM sets ORDER BY key;
SELECT * FROM zsets ORDER BY id;
INSERT INTO lists VALUES ('l:1', '{no}'), ('l:3', '{new}') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO lists VALUES ('l:4', NULL);
INSERT INTO lists VALUES ('l:4', '{}');
\echo :SQLSTATE
INSERT INTO lists VALUES ('l:4', '{a,NULL}');
INSERT INTO lists VALUES ('l:4', '{{a,b},{c,d}}');
\echo :SQLSTATE
INSERT INTO lists VALUES ('other', '{a}');
INSERT INTO zsets VALUES (3, '{a,b}', '{1}');
INSERT INTO zsets VALUES (3, '{a}', '{NaN}');
INSERT INTO zsets (id, members) VALUES (3, '{a}');
\! redis EXISTS l:4 other z:3

-- RETURNING shows what is stored: members once, in their order.
INSERT INTO sets VALUES ('s:3', '{3,1,2,1}', 50) RETURNING *;
INSERT INTO zsets VALUES (3, '{a,b,a}', '{2,1,0}') RETURNING *;
SELECT * FROM zsets WHERE id = 3;
\! redis DEL s:3 z:3

-- SELECT.
SELECT elements[1] FROM lists WHERE key = 'l:1';
SELECT key FROM lists WHERE 'new' = ANY (elements);
SELECT id, unnest(members) AS member, unnest(scores) AS score FROM zsets WHERE id = 1;
SELECT * FROM zsets WHERE id IN (2, 9);
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM lists WHERE key = 'l:1';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM zsets WHERE id = 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT key, members FROM sets;
EXPLAIN (VERBOSE, COSTS OFF) SELECT key FROM sets;
SELECT key FROM sets ORDER BY key;

-- UPDATE: content, TTL kept or set, keys moved.
UPDATE lists SET elements = elements || 'z'::text WHERE key IN ('l:1', 'l:9');
UPDATE lists SET key = 'l:5{l:1}' WHERE key = 'l:2{l:1}' RETURNING *;
UPDATE lists SET key = 'l:1' WHERE key = 'l:5{l:1}';
\echo :SQLSTATE
UPDATE lists SET elements = '{}' WHERE key = 'l:1';
UPDATE lists SET elements = NULL WHERE key = 'l:1';
\! redis LRANGE l:1 0 -1 | paste -s
UPDATE sets SET members = members || 9 WHERE key = 's:2' RETURNING key, members;
\! redis_ttl s:2 400 500
UPDATE sets SET ttl = -1 WHERE key = 's:2';
\! redis TTL s:2
UPDATE zsets SET scores = '{5,6,7}' WHERE id = 1 RETURNING *;
UPDATE zsets SET scores = '{6,5,7}' WHERE id = 1;
\! redis ZRANGE z:1 0 -1 WITHSCORES | paste -s
UPDATE zsets SET members = '{d}' WHERE id = 1;
UPDATE zsets SET members = '{d}', scores = '{4}' WHERE id = 1;
\! redis ZRANGE z:1 0 -1 WITHSCORES | paste -s
\! redis_ttl z:1 900 1000

-- DELETE.
DELETE FROM lists WHERE key = 'l:5{l:1}';
DELETE FROM lists WHERE cardinality(elements) = 4 RETURNING *;
DELETE FROM sets WHERE key IN ('s:1', 's:9', 'l:3');
DELETE FROM zsets WHERE id = 2;
\! redis KEYS '*' | sort | paste -s
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM lists WHERE key = 'l:3';
EXPLAIN (VERBOSE, COSTS OFF) UPDATE zsets SET members = '{d}', scores = '{4}' WHERE id = 1;

-- Strict, other types passed over, one key, roles.
ALTER FOREIGN TABLE lists OPTIONS (ADD strict_insert 'true');
INSERT INTO lists VALUES ('l:3', '{a}');
\echo :SQLSTATE
\! redis SET l:text t
SELECT * FROM lists ORDER BY key;
DELETE FROM lists WHERE key = 'l:text';
INSERT INTO lists VALUES ('l:text', '{a}');
\! redis GET l:text
CREATE FOREIGN TABLE one (at timestamptz OPTIONS (redis 'expires_at'), points numeric[] OPTIONS (redis 'score'),
  who bytea[] OPTIONS (redis 'member')) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'one', row_per 'key');
SELECT * FROM one;
INSERT INTO one VALUES (now() + interval '1 hour', '{0.1,2}', ARRAY['\xff', '\x00']::bytea[]);
\! redis_ttl one 3500 3600
SELECT at > now() + interval '59 minutes' AS later, points, who FROM one;
-- Of two arrays one can be set: the other is read.
UPDATE one SET at = NULL, points = '{3,1}';
\! redis TTL one
UPDATE one SET at = 'infinity' RETURNING *;
\! redis TTL one
SELECT * FROM one;
DELETE FROM one;
\! redis EXISTS one
-- An element that is no value of the array's type.
\! redis SADD s:2 x
SELECT members FROM sets;
\echo :SQLSTATE

-- Prepared, from a function, of many elements.
PREPARE look(int) AS SELECT * FROM zsets WHERE id = $1;
PREPARE put(int, text[], float8[]) AS INSERT INTO zsets VALUES ($1, $2, $3);
PREPARE remove(int) AS DELETE FROM zsets WHERE id = $1;
EXECUTE put(7, '{a}', '{1}');
EXECUTE put(8, '{a,b}', '{2,1}');
EXECUTE put(9, '{a}', NULL);
EXECUTE look(7);
EXECUTE look(8);
EXECUTE look(9);
EXECUTE remove(7);
EXECUTE look(7);
INSERT INTO lists SELECT 'l:big', array_agg('e' || i ORDER BY i) FROM generate_series(1, 20000) i;
\! redis LLEN l:big
\! redis LINDEX l:big 19999
SELECT cardinality(elements), elements[20000] FROM lists WHERE key = 'l:big';
CREATE FUNCTION push(k text, element text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE result text[];
BEGIN
  UPDATE lists SET elements = elements || element WHERE key = k RETURNING elements INTO result;
  IF NOT FOUND THEN
    INSERT INTO lists VALUES (k, ARRAY[element]) RETURNING elements INTO result;
  END IF;
  RETURN result;
END $$;
SELECT push('l:fn', e) FROM unnest('{a,b,c}'::text[]) e;
\! redis LRANGE l:fn 0 -1 | paste -s
