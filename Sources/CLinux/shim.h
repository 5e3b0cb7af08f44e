// The names that Glibc's Swift module does not have: epoll, eventfd, signalfd, calls that need _GNU_SOURCE, and
// what is no function in C.
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/prctl.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>

int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);

/// A connection that neither blocks nor survives an exec.
static inline int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
  return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// Epoll events carry a descriptor and the generation of its connection.
static inline struct epoll_event clinux_event(unsigned events, int descriptor, unsigned generation) {
  struct epoll_event event;
  event.events = events;
  event.data.u64 = ((unsigned long long)generation << 32) | (unsigned)descriptor;
  return event;
}

/// Names the calling thread, as tools show it.
static inline void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Asks for the cache line at an address, which need not be valid.
static inline void clinux_prefetch(const void *address) { __builtin_prefetch(address); }

/// Waits for events at most so many nanoseconds, where epoll_wait knows milliseconds.
static inline int clinux_wait(int poller, struct epoll_event *events, int count, long nanoseconds) {
  struct pollfd ready = {poller, POLLIN, 0};
  struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  if (ppoll(&ready, 1, &timeout, 0) <= 0) return 0;
  return epoll_wait(poller, events, count, 0);
}

/// Wakes the calling thread when its time is over, and not up to 50 microseconds later.
static inline void clinux_exact_timers(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

/// Lets the calling thread run when no other wants the core, and be pushed off at once when one does.
static inline int clinux_run_idle(void) {
  struct sched_param parameters = {0};
  return sched_setscheduler(0, SCHED_IDLE, &parameters);
}
