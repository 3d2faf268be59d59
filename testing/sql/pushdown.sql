-- Which conditions reach Redis, and that each gives the rows that PostgreSQL alone would choose.
SET extra_float_digits = 1;
CREATE EXTENSION IF NOT EXISTS plpgsql;

-- The rows of a query, if they are the same with pushdown on and off.
CREATE FUNCTION rows(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  on_ text;
  off text;
BEGIN
  query := format('SELECT string_agg(q::text, '' '' ORDER BY q::text COLLATE "C") FROM (%s) q', query);
  EXECUTE query INTO on_;
  PERFORM set_config('redis_fdw.enable_pushdown', 'off', true);
  EXECUTE query INTO off;
  PERFORM set_config('redis_fdw.enable_pushdown', 'on', true);
  IF on_ IS DISTINCT FROM off THEN
    RETURN format('DIFFERENT: on %s, off %s', on_, off);
  END IF;
  RETURN on_;
END $$;
-- What Redis is asked for, or that it is everything.
CREATE FUNCTION asked(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  any_line boolean := false;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    CONTINUE WHEN line !~ 'Redis Condition|Filter';
    any_line := true;
    RETURN NEXT trim(line);
  END LOOP;
  IF NOT any_line THEN
    RETURN NEXT 'no condition';
  END IF;
END $$;
-- Both, of conditions on a table.
CREATE FUNCTION try(tab text, conditions text[]) RETURNS TABLE (condition text, asked text, found text)
LANGUAGE sql AS $$
  SELECT c,
         (SELECT regexp_replace(string_agg(a, '; '), '0{9,}', '0..0', 'g')
          FROM asked(format('SELECT * FROM %s WHERE %s', tab, c)) a),
         regexp_replace(rows(format('SELECT * FROM %s WHERE %s', tab, c)), '0{9,}', '0..0', 'g')
  FROM unnest(conditions) WITH ORDINALITY AS u(c, n) ORDER BY n
$$;

CREATE FOREIGN TABLE h (f text, v text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'h');
INSERT INTO h VALUES ('a', '1'), ('A', '2'), ('ab', '3'), ('', '4'), ('a%', '5'), ('a*', '6'), ('a\', '7'),
  ('[a]', '8'), ('é', '9'), ('€b', '10'), ('a b', '11');

\pset format unaligned
\pset fieldsep ' | '

-- Equalities, and lists of them.
SELECT * FROM try('h', '{
  f = ''a'', ''a'' = f, "f IN (''a'', ''ab'', ''a'', NULL)", "f = ANY (ARRAY[''a'', upper(f)])",
  "f = ''a'' OR f = ''b''", "f = ''a'' OR (''ab'' = f OR f IN (''A'', NULL))",
  "f = ''a'' OR f = ''ab'' COLLATE \"C\"", "f = ''a'' OR v = ''3''", "f = ''a'' OR f > ''€''",
  "f = ''a'' OR f IS NULL", "f = ''a'' OR f = ANY (''{}'')", "f = ''a'' OR f = NULL",
  "f = ''a'' OR f = ''a''::varchar(1)", "f = ''a'' OR f = upper(v)",
  "(f, v) = (''a'', ''1'')", "(f = ''a'' AND v = ''1'') OR f = ''ab''",
  "f <> ''a'' AND v < ''3''", "f <> ALL (''{a,ab}'') AND v = ''2''", "NOT (f = ''a'' OR v > ''1'')",
  "f IS NOT DISTINCT FROM ''a''", "v = ''3''", "v IN (''3'', ''4'')"}');

-- What no row can change.
SELECT * FROM try('h', '{
  "f IS NULL", "f IS NOT NULL AND f = ''a''", "v IS NULL OR f IS NULL", "f = NULL", "f = ANY (NULL)",
  "f = ANY (''{}'')", "f = ANY (''{NULL}'')", "f <> ALL (''{}'') AND f = ''a''",
  "f NOT IN (''a'', NULL)", "f <> ANY (''{NULL}'')", "f = ''a'' AND f = ''b''", "f < ALL (ARRAY[''b'', NULL])"}');

-- So is a statement that would write the only row there is.
CREATE FOREIGN TABLE one (v text) SERVER redis_server OPTIONS (table_type 'string', table_key_prefix 'one');
INSERT INTO one VALUES ('x');
DELETE FROM one WHERE v IS NULL;
UPDATE one SET v = 'y' WHERE v NOT IN ('z', NULL);
DELETE FROM h WHERE f = 'a' AND v IS NULL;
\! redis GET one
DELETE FROM one WHERE v IS NOT NULL;
\! redis EXISTS one

-- LIKE: escapes, characters of several bytes, what globs are made of.
SELECT * FROM try('h', '{
  "f LIKE ''a%''", "f LIKE ''%b''", "f LIKE ''_''", "f LIKE ''_b''", "f LIKE ''a\\\\%''", "f LIKE ''a*''",
  "f LIKE ''a#%'' ESCAPE ''#''", "f LIKE ''a\\'' ESCAPE ''''", "f LIKE ''[a]''", "f LIKE ''''",
  "f LIKE ''%a%b%''", "f LIKE ''a''", "f ILIKE ''a%''", "f ~ ''^a''", "f SIMILAR TO ''a%''",
  "f NOT LIKE ''a%'' AND v = ''2''", "f ^@ ''a''", "starts_with(f, ''a*'')", "starts_with(f, '''')",
  "starts_with(''a'', f)", "f LIKE ''a%'' AND f LIKE ''%b'' AND f ^@ ''a''"}');
-- A pattern that ends with its escape is an error of the texts that go on there.
SELECT * FROM h WHERE f LIKE 'a\';
SELECT rows($$SELECT * FROM h WHERE f LIKE 'b\'$$);

-- Order: bytes under C.
SELECT * FROM try('h', '{
  "f COLLATE \"C\" >= ''a'' AND f COLLATE \"C\" < ''ab''", "f COLLATE \"C\" > ''é''", "''a'' COLLATE \"C\" > f"}');

-- Columns of other types: what is written alike.
CREATE DOMAIN name_domain AS varchar(3);
CREATE FOREIGN TABLE hv (f name_domain, v int) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'hv');
INSERT INTO hv VALUES ('a', 7), ('abc', 8);
-- Stored otherwise than the column writes it.
\! redis HSET hv b 07
SELECT * FROM try('hv', '{
  "f = ''a''", "f = ''abc''::text", "f = ''a''::char(3)", "f::char(3) = ''a''", "f LIKE ''ab%''", "f IN (''a'', ''b'')",
  "v = 7", "v IN (7, 8) AND f = ''b''", "lower(f) = ''a''"}');
CREATE FOREIGN TABLE hb (f bytea, v text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'hb');
INSERT INTO hb VALUES ('\x61ff', 1), ('\x6100', 2), ('\x62', 3), ('\xc3a9', 4);
SELECT * FROM try('hb', '{
  "f = ''\\x62''", "f LIKE ''a%''", "f LIKE ''\\x61ff''::bytea", "f LIKE ''_''", "f LIKE ''__''", "f >= ''\\x61ff''",
  "f IN (''\\x62'', ''\\x6100'')", "f = ''\\x62'' OR f = ''\\xc3a9''"}');
CREATE FOREIGN TABLE hi (f int, v text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'hi');
INSERT INTO hi VALUES (7, 'x'), (-1, 'y'), (100, 'z');
SELECT * FROM try('hi', '{
  "f = 7", "f = 7::bigint", "f = 99999999999", "f = 7.0", "f = 7 OR f = 100", "f = 7 OR f = 100::bigint", "f > 0",
  "f IN (7, 8)", "f::text = ''7''"}');

-- Sets.
CREATE FOREIGN TABLE s (m text) SERVER redis_server OPTIONS (table_type 'set', table_key_prefix 's');
INSERT INTO s VALUES ('a'), ('ab'), ('b*'), ('é');
SELECT * FROM try('s', '{
  "m = ''a''", "m = ''a'' OR m = ''b*''", "m LIKE ''_''", "starts_with(m, ''b'')", "m IS NOT NULL", "m NOT IN (NULL)"}');

-- Scores: numerics by the nearest double.
CREATE FOREIGN TABLE z (m text, score numeric) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z');
-- This one shows scores rounded.
CREATE FOREIGN TABLE z2 (m text, score numeric(10, 2)) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z2');
CREATE FOREIGN TABLE z4 (m text, score float4) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z');
CREATE FOREIGN TABLE z8 (m text, score float8) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z');
INSERT INTO z VALUES ('tenth', 0.1), ('half', 0.5), ('one', 1), ('rounded', 1.004), ('zero', 0), ('minus', -2.5),
  ('big', 9007199254740993), ('tiny', 5e-324);
SELECT * FROM try('z', '{
  "score = 0.1", "score = 0.10000000000000000001", "score > 0.1 AND score < 1", "score >= 1 AND score <= 1.004",
  "score > 0.09999999999999999999 AND score < 0.10000000000000000001", "score = 9007199254740992",
  "score > 9007199254740991", "score >= 9007199254740993", "score < -1e400", "score > -1e400 AND score < 0",
  "score < 1e400 AND score > 1", "score > 0 AND score < 1e-300", "score > 1e-400 AND score < 0.1", "score >= ''NaN''",
  "score < ''NaN'' AND score > 1", "score <= ''Infinity'' AND score > 1", "score IN (0.1, 1)", "score = 0.1 OR score = 1",
  "score = 1::int8", "score = 0.5::float8", "score > NULL"}');
\! redis ZADD z2 1 one 1.004 rounded
SELECT * FROM try('z2', '{"score = 1.00", "score > 1.00 AND score < 5"}');
\! redis ZADD z inf inf
SELECT * FROM try('z', '{"score > 1e400", "score = ''Infinity''", "score < 1e400 AND score > 2", "score > ''Infinity''"}');
\! redis ZREM z inf tiny
SELECT * FROM try('z4', '{"score = 0.1::float4", "score > 1.004::float4"}');
SELECT * FROM try('z8', '{"score = 0.1", "score = 0.1::float4", "score = 0.5 OR score = 1", "score > 1::int8 AND score < 2"}');

-- Keys, and parts of keys.
CREATE FOREIGN TABLE k (key text, v text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'k:*');
CREATE FOREIGN TABLE kt (id int, v text) SERVER redis_server
  OPTIONS (table_type 'string', key_template 'k:{id}');
INSERT INTO k VALUES ('k:1', 'a'), ('k:2', 'b'), ('k:10', 'c');
SELECT * FROM try('k', '{
  "key = ''k:1'' OR key = ''k:2''", "key LIKE ''k:1%''", "starts_with(key, ''k:1'')", "key LIKE ''%0''",
  "key IS NULL", "key IN (''k:1'', ''other'', NULL)", "v = ''a'' OR v = ''b''",
  "key COLLATE \"C\" BETWEEN ''k:1'' AND ''k:19''"}');
SELECT * FROM try('kt', '{"id = 1 OR id = 10", "id IS NOT NULL", "id > 1"}');
\pset format aligned

-- Parameters and outer columns.
PREPARE by_or (text, text) AS SELECT v FROM h WHERE f = $1 OR f = $2 ORDER BY v;
EXECUTE by_or ('a', 'ab');
EXECUTE by_or (NULL, 'ab');
PREPARE by_like (text) AS SELECT v FROM h WHERE f LIKE $1 ORDER BY v;
EXECUTE by_like ('a\%');
EXECUTE by_like (NULL);
PREPARE by_array (text[]) AS SELECT v FROM h WHERE f = ANY ($1) ORDER BY v;
EXECUTE by_array ('{a,NULL,ab,a}');
EXECUTE by_array (NULL);
PREPARE by_score (numeric) AS SELECT m FROM z WHERE score > $1 ORDER BY score;
EXECUTE by_score (1);
EXECUTE by_score (1e400);
EXECUTE by_score ('NaN');
DEALLOCATE ALL;
CREATE TABLE pairs (x text, y text);
INSERT INTO pairs VALUES ('a', 'ab'), ('é', NULL), (NULL, NULL);
SELECT rows('SELECT p.x, h.v FROM pairs p JOIN h ON h.f = p.x OR h.f = p.y');
SELECT rows('SELECT p.x, (SELECT string_agg(v, '','' ORDER BY v) FROM h WHERE starts_with(h.f, p.x)) FROM pairs p');
SELECT rows('SELECT p.x, h.f FROM pairs p LEFT JOIN h ON h.f = p.x WHERE h.f IS NULL');
SELECT rows('SELECT p.x, h.f FROM pairs p LEFT JOIN h ON h.f = p.x AND h.f IS NOT NULL');
SELECT rows('SELECT p.x FROM pairs p WHERE NOT EXISTS (SELECT FROM h WHERE h.f = p.x AND h.v IS NULL)');

-- Behind a security barrier PostgreSQL still calls its functions in its order.
CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
  RAISE NOTICE 'saw %', $1;
  RETURN true;
END $$;
CREATE VIEW shown WITH (security_barrier) AS SELECT * FROM h WHERE v = '1';
SELECT * FROM shown WHERE leak(f) AND f IN ('a', 'ab');
