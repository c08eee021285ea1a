// The disk under one directory, failing as a file says; preloaded into `spanscope serve`.
//
// FAULT_CONTROL names a file as long as `struct control`, which is mapped: what the test writes there holds at once.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct control {
    volatile char fault;      // one of the letters below; 0: none
    volatile char only;       // 'd' the database, 'l' its log; 0: every file of the directory
    char unused[6];
    uint64_t struck;          // calls that failed or hung
    uint64_t database_synced; // syncs of the database that succeeded
} *control;
static const char *directory;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("FAULT_CONTROL");
    directory = getenv("FAULT_DIR");
    int fd = path && directory ? open(path, O_RDWR) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) abort();
    control = map;
}

static int ends(const char *path, const char *end) {
    size_t length = strlen(path), of_end = strlen(end);
    return length >= of_end && !strcmp(path + length - of_end, end);
}

static const char *path_of(int fd, char *path) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, 4095);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

// The fault that strikes a call on this file, if it is one of these.
static char strikes(const char *path, const char *faults) {
    char fault = control ? control->fault : 0;
    if (!fault || !strchr(faults, fault) || strncmp(path, directory, strlen(directory))) return 0;
    if (control->only == 'd' && !ends(path, ".db")) return 0;
    if (control->only == 'l' && !ends(path, "-wal")) return 0;
    __atomic_add_fetch(&control->struck, 1, __ATOMIC_SEQ_CST);
    while (fault == 'h' && control->fault == 'h') usleep(5000);
    return fault;
}

static int fails(int error) { errno = error; return -1; }

#define NEXT(result, name, ...) ((result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

// 'w': writes fail. 'f': the disk is full, which a part of a write reaches. 'h': writes and syncs hang. 's': syncs fail.
static ssize_t write_at(const char *name, int fd, const void *bytes, size_t count, off64_t at) {
    char path[4096], fault = strikes(path_of(fd, path), "wfh");
    if (fault == 'w') return fails(EIO);
    if (fault == 'f' && count < 2048) return fails(ENOSPC);
    return NEXT(ssize_t, name, int, const void *, size_t, off64_t)(fd, bytes, fault == 'f' ? count / 2 : count, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return write_at("pwrite", fd, bytes, count, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return write_at("pwrite64", fd, bytes, count, at); }

static int sync_of(const char *name, int fd) {
    char path[4096];
    if (strikes(path_of(fd, path), "sh") == 's') return fails(EIO);
    int result = NEXT(int, name, int)(fd);
    if (!result && ends(path, "spanscope.db")) __atomic_add_fetch(&control->database_synced, 1, __ATOMIC_SEQ_CST);
    return result;
}
int fsync(int fd) { return sync_of("fsync", fd); }
int fdatasync(int fd) { return sync_of("fdatasync", fd); }

// 'r': the file system is read-only. 'a': nothing can be made in the directory, whatever may be written there.
static int open_of(const char *name, const char *path, int flags, mode_t mode) {
    int makes = flags & O_CREAT && access(path, F_OK);
    char fault = makes ? strikes(path, "ra") : flags & (O_WRONLY | O_RDWR) ? strikes(path, "r") : 0;
    if (fault) return fails(fault == 'r' ? EROFS : EACCES);
    return NEXT(int, name, const char *, int, ...)(path, flags, mode);
}
#define OPEN(name)                                            \
    int name(const char *path, int flags, ...) {              \
        va_list rest;                                         \
        va_start(rest, flags);                                \
        mode_t mode = flags & O_CREAT ? va_arg(rest, int) : 0; \
        va_end(rest);                                         \
        return open_of(#name, path, flags, mode);             \
    }
OPEN(open)
OPEN(open64)
