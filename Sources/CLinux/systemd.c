#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int hoso_notify(const char *address, const char *state) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    size_t length = strlen(address);
    if (length < 2 || length >= sizeof place.sun_path || (address[0] != '/' && address[0] != '@')) return -EINVAL;
    memcpy(place.sun_path, address, length);
    // An address without a file begins with a zero.
    if (place.sun_path[0] == '@') place.sun_path[0] = 0;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    ssize_t sent;
    do {
        sent = sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&place,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    } while (sent < 0 && errno == EINTR);
    int result = sent < 0 ? -errno : 0;
    close(descriptor);
    return result;
}

int hoso_adopt_listener(int descriptor, char *text, size_t size) {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_un local;
    } place;
    memset(&place, 0, sizeof place);
    socklen_t length = sizeof place - 1;
    int is_listening = 0;
    socklen_t flag = sizeof is_listening;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &flag) != 0) return -errno;
    if (!is_listening) return -EINVAL;
    if (getsockname(descriptor, &place.any, &length) != 0) return -errno;
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) return -errno;
    char host[INET6_ADDRSTRLEN];
    switch (place.any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &place.four.sin_addr, host, sizeof host);
        snprintf(text, size, "tcp://%s:%d", host, ntohs(place.four.sin_port));
        return 0;
    case AF_INET6:
        inet_ntop(AF_INET6, &place.six.sin6_addr, host, sizeof host);
        snprintf(text, size, "tcp://[%s]:%d", host, ntohs(place.six.sin6_port));
        return 0;
    case AF_UNIX: snprintf(text, size, "ipc://%s", place.local.sun_path); return 0;
    default: return -EAFNOSUPPORT;
    }
}
