#include "testing/pg/property_model.h"

#include <stdlib.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace redis_fdw::test {
namespace {

std::string Declared(const Column& column, bool foreign) {
  std::string text = absl::StrCat(column.name, " ", column.type);
  if (!column.clauses.empty()) absl::StrAppend(&text, " ", column.clauses);
  if (foreign && !column.options.empty()) {
    // OPTIONS precede COLLATE.
    text = absl::StrCat(column.name, " ", column.type, " OPTIONS (", column.options, ") ",
                        column.clauses);
  }
  return text;
}

// PL/pgSQL that raises `sqlstate` if `condition`.
std::string Refuse(const std::string& condition, const std::string& sqlstate) {
  return absl::StrCat("IF ", condition, " THEN RAISE EXCEPTION 'refused' USING ERRCODE = '",
                      sqlstate, "'; END IF; ");
}

// What is stored of the arrays of a collection.
std::string StoreCollection(const Layout& layout) {
  const std::string e = absl::StrCat("NEW.", layout.Find(Part::kElements)->name);
  std::string body = absl::StrCat(Refuse(e + " IS NULL", "23502"),
                                  Refuse(absl::StrCat("cardinality(", e, ") = 0"), "23514"));
  const std::string holes =
      Refuse(absl::StrCat("array_position(", e, ", NULL) IS NOT NULL"), "23502");
  if (const Column* scores = layout.Find(Part::kScores)) {
    const std::string s = absl::StrCat("NEW.", scores->name);
    absl::StrAppend(&body, Refuse(s + " IS NULL", "23502"),
                    Refuse(absl::StrCat("cardinality(", e, ") <> cardinality(", s, ")"), "22P02"),
                    holes,
                    Refuse(absl::StrCat("array_position(", s, ", NULL) IS NOT NULL"), "23502"));
    absl::StrAppend(
        &body, "SELECT array_agg(x ORDER BY y, x COLLATE \"C\"), array_agg(y ORDER BY y, ",
        "x COLLATE \"C\") INTO ", e, ", ", s, " FROM (SELECT DISTINCT ON (x) x, y FROM unnest(", e,
        ", ", s, ") WITH ORDINALITY u (x, y, o) ORDER BY x, o DESC) d; ");
    return body;
  }
  body += holes;
  if (layout.type == "set") {
    absl::StrAppend(&body, e, " := ARRAY(SELECT DISTINCT ON (x::text COLLATE \"C\") x FROM unnest(",
                    e, ") x ORDER BY x::text COLLATE \"C\"); ");
  }
  return body;
}

std::string TriggerBody(const Layout& layout) {
  std::string body;
  std::vector<std::string> fields;
  for (const Column& column : layout.columns) {
    const std::string c = absl::StrCat("NEW.", column.name);
    if (column.part == Part::kField) fields.push_back(c);
    if (column.part == Part::kRest) {
      absl::StrAppend(&body, c, " := coalesce((SELECT jsonb_object_agg(key, value) FROM ",
                      "jsonb_each_text(", c, ") WHERE value IS NOT NULL), '{}'); ");
      fields.push_back(absl::StrCat("nullif(", c, ", '{}')"));
    }
    if (column.part == Part::kScore && column.type == "numeric") {
      absl::StrAppend(&body, c, " := (", c, "::float8)::text::numeric; ");
    }
    if (column.part == Part::kScore && column.type != "int") {
      absl::StrAppend(&body, Refuse(c + " = 'NaN'", "22P02"));
    }
    if (column.part == Part::kTtl) {
      absl::StrAppend(&body, c, " := coalesce(", c, ", ", layout.ttl, "); ",
                      Refuse(absl::StrCat(c, " < 1 AND ", c, " <> -1"), "22003"));
    }
    if (column.part == Part::kExpires) {
      absl::StrAppend(&body, c, " := nullif(date_trunc('milliseconds', ", c, "), 'infinity'); ");
    }
    if (column.part == Part::kElements) absl::StrAppend(&body, StoreCollection(layout));
  }
  if (!fields.empty()) {
    absl::StrAppend(
        &body,
        Refuse(absl::StrCat("num_nonnulls(", absl::StrJoin(fields, ", "), ") = 0"), "23502"));
  }
  return body;
}

// The text of a column as it is stored, of the table aliased `t`.
std::string Stored(const Column& column) {
  const std::string c = absl::StrCat("t.", column.name);
  if (column.type == "bytea") return absl::StrCat("convert_from(", c, ", 'UTF8')");
  return absl::StrCat("concat(", c, ")");
}

std::string KeyText(const Layout& layout) {
  const Column* key = layout.Find(Part::kKey);
  if (key == nullptr) return Quote(layout.prefix);
  return absl::StrCat(Quote(layout.prefix), " || ", Stored(*key), " || ", Quote(layout.suffix));
}

// The elements of a hash or an entry that has columns for its fields.
std::string FieldRows(const Layout& layout) {
  std::vector<std::string> rows;
  std::string rest;
  for (const Column& column : layout.columns) {
    if (column.part == Part::kField) {
      std::string field = column.name;
      if (absl::StartsWith(column.options, "field '")) {
        field = column.options.substr(7, column.options.size() - 8);
      }
      rows.push_back(absl::StrCat("SELECT ", Quote(field), ", ", Stored(column), " WHERE t.",
                                  column.name, " IS NOT NULL"));
    } else if (column.part == Part::kRest) {
      rows.push_back(absl::StrCat("SELECT * FROM jsonb_each_text(t.", column.name, ")"));
    }
  }
  return absl::StrCat("LATERAL (", absl::StrJoin(rows, " UNION ALL "), ") x (name, value)");
}

std::string Number(const std::string& score) {
  return absl::StrFormat("%.17g", strtod(score.c_str(), nullptr));
}

using Lines = std::vector<std::string>;

// Elements of one key, each with what precedes it: "key", or "key" and an id.
void AddElements(const Layout& layout, const std::string& key, const RedisReply& reply,
                 Lines* lines) {
  const bool pairs = layout.type == "hash" || layout.type == "zset";
  for (size_t i = 0; i < reply.elements.size(); ++i) {
    const RedisReply& element = reply.elements[i];
    if (layout.is_stream()) {
      const std::vector<RedisReply>& fields = element.elements[1].elements;
      for (size_t f = 0; f + 1 < fields.size(); f += 2) {
        lines->push_back(
            StateLine(layout, {key, element.elements[0].text, fields[f].text, fields[f + 1].text}));
      }
    } else if (pairs) {
      lines->push_back(StateLine(layout, {key, element.text, reply.elements[i + 1].text}));
      ++i;
    } else if (layout.type == "list") {
      lines->push_back(StateLine(layout, {key, absl::StrCat(i), element.text}));
    } else {
      lines->push_back(StateLine(layout, {key, element.text}));
    }
  }
}

RedisReply ReadKey(const Layout& layout, const std::string& key, RedisServer* redis) {
  if (layout.type == "hash") return redis->Command({"HGETALL", key});
  if (layout.type == "list") return redis->Command({"LRANGE", key, "0", "-1"});
  if (layout.type == "set") return redis->Command({"SMEMBERS", key});
  if (layout.type == "zset") return redis->Command({"ZRANGE", key, "0", "-1", "WITHSCORES"});
  if (layout.type == "stream") return redis->Command({"XRANGE", key, "-", "+"});
  RedisReply value;
  value.elements = {redis->Command({"GET", key})};
  return value;
}

}  // namespace

std::string Quote(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

std::string ForeignDdl(const Layout& layout, const std::string& options) {
  std::vector<std::string> columns;
  for (const Column& column : layout.columns) columns.push_back(Declared(column, true));
  return absl::StrCat("CREATE FOREIGN TABLE f (", absl::StrJoin(columns, ", "),
                      ") SERVER redis_server OPTIONS (table_type '", layout.type, "', ",
                      layout.options, options, ")");
}

std::vector<std::string> Conflict(const Layout& layout) {
  std::vector<std::string> names;
  for (const Column* column : layout.Identity()) names.push_back(column->name);
  if (names.empty()) names.push_back(layout.is_list() ? "ord" : "one");
  return names;
}

std::string ModelDdl(const Layout& layout) {
  std::vector<std::string> columns;
  std::string tables;
  for (const Column& column : layout.columns) {
    columns.push_back(absl::StrCat(Declared(column, false), column.nullable ? "" : " NOT NULL"));
    if (!IsScalar(column)) continue;
    std::vector<std::string> rows;
    for (size_t i = 0; i < column.pool.size(); ++i) {
      rows.push_back(absl::StrCat("(", Quote(column.pool[i]), ", ", i, ")"));
      if (i % 3 == 0) rows.push_back(absl::StrCat("(", Quote(column.pool[i]), ", ", i + 100, ")"));
    }
    absl::StrAppend(&tables, "CREATE TABLE loc_", column.name, " (k ", column.type, ", n int); ",
                    "INSERT INTO loc_", column.name, " VALUES (NULL, -1), ",
                    absl::StrJoin(rows, ", "), ";\n");
  }
  columns.push_back("ord bigserial");
  columns.push_back("one int NOT NULL DEFAULT 1");
  columns.push_back(absl::StrCat("UNIQUE (", absl::StrJoin(Conflict(layout), ", "), ")"));
  if (!layout.key_like.empty()) {
    columns.push_back(absl::StrCat("CHECK (", layout.Find(Part::kKey)->name, " LIKE ",
                                   Quote(layout.key_like), ")"));
  }
  return absl::StrCat(tables, "CREATE TABLE m (", absl::StrJoin(columns, ", "), ");\n",
                      "CREATE FUNCTION store() RETURNS trigger LANGUAGE plpgsql ",
                      // As what is stored, it does not depend on the session.
                      "SET extra_float_digits = 1 AS $$ BEGIN ", TriggerBody(layout),
                      "RETURN NEW; END $$;\n",
                      "CREATE TRIGGER store BEFORE INSERT OR UPDATE ON m FOR EACH ROW ",
                      "EXECUTE FUNCTION store()");
}

bool IsScalar(const Column& column) {
  return column.part != Part::kTtl && column.part != Part::kExpires && column.type != "jsonb" &&
         !absl::EndsWith(column.type, "[]");
}

std::string Shown(const Column& column) {
  if (column.part == Part::kTtl) {
    return absl::StrCat("CASE WHEN t.", column.name, " > 0 THEN round(t.", column.name,
                        " / 1000.0) * 1000 ELSE t.", column.name, " END");
  }
  return absl::StrCat("t.", column.name, column.type == "float8" ? " + 0" : "");
}

std::string ShownColumns(const Layout& layout) {
  std::vector<std::string> shown;
  for (const Column& column : layout.columns) shown.push_back(Shown(column));
  return absl::StrJoin(shown, ", ");
}

std::string Renumber(const Layout& layout) {
  if (!layout.is_list() || !layout.Has(Part::kIndex)) return "";
  return absl::StrCat(
      "UPDATE m SET index = r.i FROM (SELECT ord, row_number() OVER (",
      layout.Has(Part::kKey) ? "PARTITION BY key " : "",
      "ORDER BY ord) - 1 AS i FROM m) r WHERE r.ord = m.ord AND m.index IS DISTINCT FROM r.i");
}

std::string StateLine(const Layout& layout, std::vector<std::string> parts) {
  if (layout.type == "zset" && parts.size() == 3) parts[2] = Number(parts[2]);
  return absl::StrJoin(parts, " | ");
}

std::vector<std::string> RedisState(const Layout& layout, RedisServer* redis,
                                    const std::vector<std::string>& ignored) {
  Lines lines;
  for (const RedisReply& found : redis->Command({"KEYS", "*"}).elements) {
    const std::string& key = found.text;
    if (std::find(ignored.begin(), ignored.end(), key) != ignored.end()) continue;
    const RedisReply reply = ReadKey(layout, key, redis);
    if (reply.is_error()) ADD_FAILURE() << key << ": " << reply.ToString();
    AddElements(layout, key, reply, &lines);
    if (!layout.Has(Part::kTtl)) continue;
    const long long ttl = redis->Command({"TTL", key}).integer;
    lines.push_back(absl::StrCat(key, " | ttl ", ttl > 0 ? (ttl + 500) / 1000 * 1000 : ttl));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string ModelState(const Layout& layout) {
  std::vector<std::string> select = {KeyText(layout)};
  std::string from = " FROM m t";
  if (const Column* elements = layout.Find(Part::kElements)) {
    const Column* scores = layout.Find(Part::kScores);
    if (layout.type == "list") select.push_back("(x.o - 1)::text");
    select.push_back("concat(x.e)");
    if (scores != nullptr) select.push_back("concat(x.s)");
    absl::StrAppend(&from, ", unnest(t.", elements->name,
                    scores == nullptr ? "" : absl::StrCat(", t.", scores->name),
                    ") WITH ORDINALITY x (e, ", scores == nullptr ? "" : "s, ", "o)");
  } else if (layout.is_stream() || (layout.type == "hash" && layout.row_per_key)) {
    if (layout.is_stream()) select.push_back("t.stream_id");
    select.insert(select.end(), {"x.name", "x.value"});
    absl::StrAppend(&from, ", ", FieldRows(layout));
  } else {
    if (layout.is_list()) {
      select.push_back(absl::StrCat("(row_number() OVER (PARTITION BY ", KeyText(layout),
                                    " ORDER BY t.ord) - 1)::text"));
    }
    for (Part part : {Part::kName, Part::kElement, Part::kValue, Part::kScore}) {
      if (layout.Has(part)) select.push_back(Stored(*layout.Find(part)));
    }
  }
  std::string query = absl::StrCat("SELECT ", absl::StrJoin(select, ", "), from);
  if (const Column* ttl = layout.Find(Part::kTtl)) {
    absl::StrAppend(&query, " UNION ALL SELECT ", KeyText(layout), ", 'ttl ' || (", Shown(*ttl),
                    ")::int");
    for (size_t i = 2; i < select.size(); ++i) query += ", NULL";
    query += " FROM m t";
  }
  return query;
}

std::vector<std::string> MakeStrangers(const Layout& layout, RedisServer* redis) {
  if (!layout.Has(Part::kKey)) return {};
  const bool like = !layout.key_like.empty();
  const auto key = [&](const std::string& name) {
    if (like) return absl::StrReplaceAll(layout.key_like, {{"%", name}});
    return absl::StrCat(layout.prefix, name, layout.suffix);
  };
  std::vector<std::string> keys = {key("stranger 1"), key("stranger 2"), "elsewhere"};
  for (const std::string& stranger : keys) {
    if (layout.type == "list") {
      redis->Command({"SADD", stranger, "kept"});
    } else {
      redis->Command({"RPUSH", stranger, "kept"});
    }
  }
  return keys;
}

}  // namespace redis_fdw::test
