// The names that Glibc's Swift module does not have: epoll, eventfd, signalfd, calls that need _GNU_SOURCE, and
// what is no function in C.
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/prctl.h>
#include <pthread.h>

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
