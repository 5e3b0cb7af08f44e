// hiredis, the C client, against a server: pipelined look-ups and events.  hiredis PORT
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, redisReply *reply) {
  fprintf(stderr, "hiredis: %s: %s\n", what, reply && reply->str ? reply->str : "no reply");
  exit(1);
}

int main(int count, char **words) {
  redisContext *context = redisConnect("127.0.0.1", count > 1 ? atoi(words[1]) : 7379);
  if (!context || context->err) fail("connect", NULL);
  for (int round = 0; round < 1000; round++) {
    redisAppendCommand(
        context, "XADD mails:c %d-1 sender carl at %s size %d", round + 1,
        "2026-01-01T00:00:00Z", round);
    redisAppendCommand(context, "HMGET by_sender:%b 30d_N 30d_SIZE", "nobody", (size_t)6);
  }
  for (int round = 0; round < 1000; round++) {
    redisReply *added, *found;
    char id[32];
    snprintf(id, sizeof id, "%d-1", round + 1);
    if (redisGetReply(context, (void **)&added) || strcmp(added->str, id)) fail("XADD", added);
    if (redisGetReply(context, (void **)&found) || found->type != REDIS_REPLY_ARRAY ||
        found->elements != 2 || strcmp(found->element[0]->str, "0"))
      fail("HMGET", found);
    freeReplyObject(added);
    freeReplyObject(found);
  }
  redisReply *length = redisCommand(context, "XLEN mails:c");
  if (!length || length->integer != 1000) fail("XLEN", length);
  freeReplyObject(length);
  redisReply *wrong = redisCommand(context, "XADD mails:c 5-1 sender carl at 0");
  if (!wrong || wrong->type != REDIS_REPLY_ERROR) fail("a resend was taken", wrong);
  freeReplyObject(wrong);
  redisFree(context);
  puts("hiredis: well");
}
