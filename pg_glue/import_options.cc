#include "pg_glue/import_options.h"

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

constexpr int kMostKeys = 1000000;

// Those that are numbers.
struct NumberOption {
  const char* name;
  int min;
  int max;
  int ImportOptions::*field;
};

const NumberOption kNumbers[] = {
    {"sample_size", 1, kMostKeys, &ImportOptions::sample_size},
    {"scan_limit", 1, INT_MAX, &ImportOptions::scan_limit},
    {"max_tables", 1, 1000, &ImportOptions::max_tables},
    {"database", 0, INT_MAX, &ImportOptions::database},
};

[[noreturn]] void RaiseUnknownOption(const char* name) {
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME), errmsg("invalid option \"%s\"", name),
                  errhint("Valid options of IMPORT FOREIGN SCHEMA are: delimiter, sample_size, "
                          "scan_limit, max_tables, database.")));
  pg_unreachable();
}

int ParseNumber(const NumberOption& option, const char* text) {
  char* end = nullptr;
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value < option.min || value > option.max) {
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                    errmsg("invalid value for option \"%s\": \"%s\"", option.name, text),
                    errhint("It must be an integer from %d to %d.", option.min, option.max)));
  }
  return static_cast<int>(value);
}

const NumberOption* FindNumber(const char* name) {
  for (const NumberOption& option : kNumbers) {
    if (strcmp(option.name, name) == 0) return &option;
  }
  return nullptr;
}

}  // namespace

ImportOptions ReadImportOptions(List* options) {
  ImportOptions read = {":", 10000, 1000000, 200, 0};
  ListCell* lc;
  foreach (lc, options) {
    DefElem* element = (DefElem*)lfirst(lc);
    const char* text = defGetString(element);
    const NumberOption* number = FindNumber(element->defname);
    if (number != nullptr) {
      read.*(number->field) = ParseNumber(*number, text);
    } else if (strcmp(element->defname, "delimiter") != 0) {
      RaiseUnknownOption(element->defname);
    } else if (text[0] == '\0') {
      ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                      errmsg("option \"delimiter\" must not be empty"),
                      errhint("It is what stands between the parts of a key, like \":\".")));
    } else {
      read.delimiter = text;
    }
  }
  return read;
}

}  // namespace redis_fdw
