// Hindcast for C and for every language that calls C: a store is opened, asked in JSON, and joined and fed in
// Arrow's C data interface. Link with libHindcastC; docs/reference/c.md describes requests and answers.
//
// Texts are UTF-8 and end with a NUL byte. Any function may be called from any thread, on the same store too.
// Where an `error` is asked for, NULL is as good; what it holds is overwritten, not freed.
#ifndef HINDCAST_H
#define HINDCAST_H

#include <stdint.h>

#include "arrow_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

// What went wrong, for programs; `message` says it for people.
enum {
  HINDCAST_OK = 0,
  // The request makes no sense as it stands.
  HINDCAST_INVALID = 1,
  // No view, feature, stream or field of that name.
  HINDCAST_UNKNOWN = 2,
  // A row of the data: `row` and `column` say which.
  HINDCAST_ROW = 3,
  // Declarations that cannot be registered.
  HINDCAST_DECLARATION = 4,
  // The request reaches before what a view keeps.
  HINDCAST_EXPIRED = 5,
  // The store is open for reading only.
  HINDCAST_READ_ONLY = 6,
  // There is no store at that path.
  HINDCAST_MISSING = 7,
  // Another process has the store open for writing.
  HINDCAST_LOCKED = 8,
  // The disk, or damaged bytes on it.
  HINDCAST_STORAGE = 9,
  // The caller ended the job.
  HINDCAST_CANCELLED = 10,
  // The Arrow stream that was given failed, or is malformed.
  HINDCAST_STREAM = 11
};

typedef struct hindcast_error {
  int32_t code;
  // Of the rows given, from 0; -1 where no row is at fault.
  int64_t row;
  // Free both with hindcast_free; NULL where there is nothing to say.
  char* column;
  char* message;
} hindcast_error;

// A store of features.
typedef struct hindcast_store hindcast_store;

// One join, load or correction as it runs: another thread can look at it and end it. For one call only.
typedef struct hindcast_job hindcast_job;

// "0.1.0"; static.
const char* hindcast_version(void);

// Frees what these functions return as text. NULL is well.
void hindcast_free(char* text);

// Opens a store. `options` is JSON or NULL: {"mode": "read"} (the default), "write" or "create".
// NULL where it cannot be opened.
hindcast_store* hindcast_open(const char* path, const char* options, hindcast_error* error);

// Streams that come of the store stay good. NULL is well.
void hindcast_close(hindcast_store* store);

// Calls a function by its name ("get", "views", "register", ...) with its arguments in JSON; NULL stands for {}.
// Returns the answer in JSON, to be freed; NULL where it fails.
char* hindcast_call(hindcast_store* store, const char* name, const char* arguments,
                    hindcast_error* error);

// Joins features to the rows of a stream of structs, each row as of its own time. `out` becomes a stream of the
// same chunks with the features' columns behind theirs; its rows are joined as it is read. The spine is taken
// over, also where this fails. `job` may be NULL. Returns the error's code, 0 for none.
int32_t hindcast_join(hindcast_store* store, struct ArrowArrayStream* spine, const char* request,
                      hindcast_job* job, struct ArrowArrayStream* out, hindcast_error* error);

// Takes events in: columns by the names of the stream's fields. The events are taken over, also where this
// fails. Returns a report in JSON, to be freed; NULL where it fails.
char* hindcast_ingest(hindcast_store* store, const char* stream, struct ArrowArrayStream* events,
                      const char* options, hindcast_job* job, hindcast_error* error);

// Puts events in the place of those with the same ids, all or none: columns by the names of the stream's
// fields. They are taken over, also where this fails; nothing is changed then. Returns a report in JSON, to
// be freed; NULL where it fails.
char* hindcast_amend(hindcast_store* store, const char* stream, struct ArrowArrayStream* events,
                     const char* options, hindcast_job* job, hindcast_error* error);

// Makes rows all that a table has, all or none: columns by the names of its key fields, attributes and
// valid-from time. They are taken over, also where this fails; nothing is changed then. Returns a report in
// JSON, to be freed; NULL where it fails.
char* hindcast_load(hindcast_store* store, const char* table, struct ArrowArrayStream* rows,
                    const char* options, hindcast_job* job, hindcast_error* error);

hindcast_job* hindcast_job_new(void);

// The call may still be running, and ends by itself. NULL is well.
void hindcast_job_free(hindcast_job* job);

// Ends the call soon, with HINDCAST_CANCELLED.
void hindcast_job_cancel(hindcast_job* job);

// Rows done so far.
int64_t hindcast_job_rows(hindcast_job* job);

// What a joined stream failed with, whose own errors are text alone. Returns the code, 0 for none.
int32_t hindcast_job_error(hindcast_job* job, hindcast_error* error);

#ifdef __cplusplus
}
#endif

#endif  // HINDCAST_H
