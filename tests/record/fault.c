/* Preloaded: the n-th operation that changes the disk fails, once (EIO) or from then on (ENOSPC).

   FAULT_COUNTER: a file of 8 bytes that all processes of the tree share, FAULT_AT: n (0: only count), FAULT_ERRNO,
   FAULT_STAYS: from n on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static long *counter(void)
{
    static long *shared;
    const char *name = getenv("FAULT_COUNTER");
    if (!shared && name) {
        int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
        int fd = real_open(name, O_RDWR | O_CLOEXEC);
        if (fd >= 0)
            shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (shared == MAP_FAILED)
            shared = 0;
    }
    return shared;
}

static int fails(void)
{
    long *shared = counter();
    const char *at = getenv("FAULT_AT"), *number = getenv("FAULT_ERRNO");
    if (!shared)
        return 0;
    long now = __sync_add_and_fetch(shared, 1), wanted = at ? atol(at) : 0;
    if (wanted == 0 || (getenv("FAULT_STAYS") ? now < wanted : now != wanted))
        return 0;
    errno = number ? atoi(number) : EIO;
    return 1;
}

static int regular(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    if (regular(fd) && fails()) {
        if (size > 1 && errno == ENOSPC)
            real(fd, data, size / 2); /* a full disk takes a part first */
        errno = getenv("FAULT_ERRNO") ? atoi(getenv("FAULT_ERRNO")) : EIO;
        return -1;
    }
    return real(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    if (regular(fd) && fails())
        return -1;
    return real(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    return pwrite64(fd, data, size, at);
}

int fsync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    return fails() ? -1 : real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    return fails() ? -1 : real(fd);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    return fails() ? -1 : real(from, to);
}

int mkdir(const char *name, mode_t mode)
{
    int (*real)(const char *, mode_t) = dlsym(RTLD_NEXT, "mkdir");
    return fails() ? -1 : real(name, mode);
}

int open64(const char *name, int flags, ...)
{
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (flags & O_CREAT && strncmp(name, "/dev/", 5) != 0 && fails())
        return -1;
    return real(name, flags, mode);
}

int open(const char *name, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open64(name, flags, mode);
}
