// Checks the declarations of our foreign tables when DDL has made or changed them.
//
// A table is judged when the whole statement is done, since PostgreSQL carries a statement out in
// steps: CREATE FOREIGN TABLE makes the columns first, then asks the validator about the table's
// options, and sets the columns' options last, each by an ALTER of its own. Hooks note which
// relations a statement touches, and check those that are ours at its end; an error undoes it.
//
// A session loads this library in the middle of its first statement about Redis, when it asks the
// validator. What that statement does is judged at the end of the next utility statement, at the
// latest before the transaction commits. Where nothing loads the library, first use is the judge:
// columns added to, or dropped from, a table in a session that has not used one yet, and wrappers
// without a validator.
//
// Not judged: columns that go by DROP ... CASCADE of something else, since the drop must not fail;
// and anything while check_function_bodies is off, as it is while a dump is restored: pg_dump
// writes the options of columns as statements of their own, after the table's.

#ifndef REDIS_FDW_PG_GLUE_DDL_CHECK_H_
#define REDIS_FDW_PG_GLUE_DDL_CHECK_H_

namespace redis_fdw {

// Sets the hooks. Once, from _PG_init.
void InitDdlCheck();

// The validator was asked about the options of some foreign table, it is not told which.
void NoteTableOptions();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_DDL_CHECK_H_
