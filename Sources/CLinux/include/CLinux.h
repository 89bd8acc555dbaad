#ifndef HOSO_CLINUX_H
#define HOSO_CLINUX_H

#include <stddef.h>
#include <stdint.h>

/// Makes a non-blocking, close-on-exec eventfd. Returns the descriptor, or -errno.
int hoso_eventfd(void);

/// Adds one to the counter of an eventfd. Returns 0, or -errno.
int hoso_eventfd_raise(int descriptor);

/// Sets the counter of an eventfd back to zero. Returns 0 (also when it was zero), or -errno.
int hoso_eventfd_clear(int descriptor);

/// Gives memory that has been freed back to the system.
void hoso_give_memory_back(void);

/// Has this process leave no image of its memory behind, however it ends.
void hoso_forbid_core_dumps(void);

/// Tells a service manager at an address (a path, or a name after '@') the state of this process. Returns 0, or -errno.
int hoso_notify(const char *address, const char *state);

/// Takes over a listening socket that another process has made: non-blocking, closed on exec. Writes where it listens, as
/// tcp://HOST:PORT or ipc://PATH. Returns 0, or -errno.
int hoso_adopt_listener(int descriptor, char *text, size_t size);

#endif
