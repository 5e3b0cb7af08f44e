// A whole program against hindcast.h: registers, takes two events in, joins two rows, looks one entity up.
#include <hindcast.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char declarations[] =
    "{\"declarations\": [{\"name\": \"mails\", \"text\": \"{\\\"stream\\\": \\\"mails\\\","
    " \\\"fields\\\": {\\\"sender\\\": \\\"string\\\", \\\"at\\\": \\\"timestamp\\\"}, \\\"eventTime\\\": \\\"at\\\"}\"},"
    " {\"name\": \"view\", \"text\": \"{\\\"view\\\": \\\"by_sender\\\", \\\"stream\\\": \\\"mails\\\","
    " \\\"entity\\\": [\\\"sender\\\"], \\\"slice\\\": \\\"1d\\\","
    " \\\"features\\\": {\\\"N\\\": {\\\"count\\\": true, \\\"windows\\\": [\\\"7d\\\"]}}}\"}]}";

static const int64_t day = 86400000;

static void fail(const char* what, const hindcast_error* error) {
  fprintf(stderr, "%s: %s (%d)\n", what, error->message ? error->message : "?", (int)error->code);
  exit(1);
}

// A batch of the columns `sender` and `at`, in static memory: nothing has to be freed.
static int32_t offsets[] = {0, 3, 6};
static char names[] = "annbob";
static int64_t times[2];
static const void* text_buffers[] = {NULL, offsets, names};
static const void* time_buffers[] = {NULL, times};
static const void* no_buffers[] = {NULL};
static int is_done;

static void release_schema(struct ArrowSchema* schema) { schema->release = NULL; }
static void release_array(struct ArrowArray* array) { array->release = NULL; }
static void release_stream(struct ArrowArrayStream* stream) { stream->release = NULL; }

static struct ArrowSchema text_schema, time_schema, *schemas[] = {&text_schema, &time_schema};
static struct ArrowArray text_array, time_array, *arrays[] = {&text_array, &time_array};

static int get_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  (void)stream;
  text_schema = (struct ArrowSchema){.format = "u", .name = "sender", .release = release_schema};
  time_schema = (struct ArrowSchema){.format = "tsm:UTC", .name = "at", .release = release_schema};
  *out = (struct ArrowSchema){
      .format = "+s", .name = "", .n_children = 2, .children = schemas, .release = release_schema};
  return 0;
}

static int get_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  (void)stream;
  memset(out, 0, sizeof *out);
  if (is_done) return 0;
  is_done = 1;
  text_array = (struct ArrowArray){
      .length = 2, .n_buffers = 3, .buffers = text_buffers, .release = release_array};
  time_array = (struct ArrowArray){
      .length = 2, .n_buffers = 2, .buffers = time_buffers, .release = release_array};
  *out = (struct ArrowArray){.length = 2,
                             .n_buffers = 1,
                             .buffers = no_buffers,
                             .n_children = 2,
                             .children = arrays,
                             .release = release_array};
  return 0;
}

static const char* get_last_error(struct ArrowArrayStream* stream) {
  (void)stream;
  return NULL;
}

// Ann at one time and Bob at another.
static struct ArrowArrayStream rows(int64_t ann, int64_t bob) {
  times[0] = ann;
  times[1] = bob;
  is_done = 0;
  return (struct ArrowArrayStream){.get_schema = get_schema,
                                   .get_next = get_next,
                                   .get_last_error = get_last_error,
                                   .release = release_stream};
}

int main(int count, char** words) {
  if (count != 2) return 2;
  hindcast_error error;
  hindcast_store* store = hindcast_open(words[1], "{\"mode\": \"create\"}", &error);
  if (!store) fail("open", &error);
  char* answer = hindcast_call(store, "register", declarations, &error);
  if (!answer) fail("register", &error);
  hindcast_free(answer);

  struct ArrowArrayStream events = rows(day, 100 * day);
  answer = hindcast_ingest(store, "mails", &events, "{\"source\": \"c\"}", NULL, &error);
  if (!answer) fail("ingest", &error);
  hindcast_free(answer);

  struct ArrowArrayStream spine = rows(2 * day, 2 * day), joined;
  const char* request = "{\"views\": [{\"view\": \"by_sender\"}], \"time\": \"at\"}";
  if (hindcast_join(store, &spine, request, NULL, &joined, &error)) fail("join", &error);
  struct ArrowArray batch;
  if (joined.get_next(&joined, &batch)) return 3;
  const struct ArrowArray* feature = batch.children[2];
  const int64_t* values = (const int64_t*)feature->buffers[1] + feature->offset;
  for (int64_t row = 0; row < batch.length; row++)
    printf("%.3s %lld\n", names + offsets[row], (long long)values[row]);
  batch.release(&batch);
  joined.release(&joined);

  answer = hindcast_call(store, "get",
                         "{\"view\": \"by_sender\", \"entity\": [\"ann\"], \"at\": \"1970-01-03\"}", &error);
  if (!answer) fail("get", &error);
  if (strcmp(answer, "{\"N\":{\"type\":\"int\",\"value\":1}}") == 0) printf("ann 1 served\n");
  hindcast_free(answer);
  hindcast_close(store);
  return 0;
}
