#include "CLinux.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int hoso_eventfd(void) {
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int hoso_eventfd_raise(int descriptor) {
    uint64_t one = 1;
    ssize_t written;
    do {
        written = write(descriptor, &one, sizeof one);
    } while (written < 0 && errno == EINTR);
    /* EAGAIN: the counter is at its maximum, so the reader is woken anyway. */
    return written < 0 && errno != EAGAIN ? -errno : 0;
}

int hoso_eventfd_clear(int descriptor) {
    uint64_t count;
    ssize_t taken;
    do {
        taken = read(descriptor, &count, sizeof count);
    } while (taken < 0 && errno == EINTR);
    return taken < 0 && errno != EAGAIN ? -errno : 0;
}
