/*
 * Loaded before the C library (LD_PRELOAD), it lets calls on files fail. The file that FAILING_DISK_PLAN names says
 * which, in one line that may change at any time:
 *
 *   <calls> <part of the file's path> <errno> <how many go well first> <how many then fail; -1: all>
 *
 * calls: letters, w (pwrite, write), s (fsync, fdatasync). An empty file lets everything pass. Bun writes its own files
 * past the C library, so of the journal only the syncs can fail; SQLite does all through it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last[512];
static long seen;

static int read_plan(char *line, size_t size) {
  const char *path = getenv("FAILING_DISK_PLAN");
  if (path == NULL) return 0;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = syscall(SYS_read, fd, line, size - 1);
  syscall(SYS_close, fd);
  if (length <= 0) return 0;
  line[length] = 0;
  return 1;
}

/* The errno that this call fails with; 0: it does not. */
static int fault(char call, int fd) {
  char line[512], calls[16], part[256], name[64], path[512];
  long good, bad;
  int number;
  if (!read_plan(line, sizeof line)) return 0;
  if (sscanf(line, "%15s %255s %d %ld %ld", calls, part, &number, &good, &bad) != 5) return 0;
  if (strchr(calls, call) == NULL) return 0;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (strstr(path, part) == NULL) return 0;
  pthread_mutex_lock(&lock);
  if (strcmp(last, line) != 0) {
    strcpy(last, line);
    seen = 0;
  }
  long count = seen++;
  pthread_mutex_unlock(&lock);
  return count >= good && (bad < 0 || count < good + bad) ? number : 0;
}

#define FAIL(call, fd)            \
  do {                            \
    int number = fault(call, fd); \
    if (number != 0) {            \
      errno = number;             \
      return -1;                  \
    }                             \
  } while (0)

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "pwrite64");
  FAIL('w', fd);
  return real(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  return pwrite64(fd, bytes, count, offset);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*real)(int, const void *, size_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "write");
  FAIL('w', fd);
  return real(fd, bytes, count);
}

int fsync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = dlsym(RTLD_NEXT, "fsync");
  FAIL('s', fd);
  return real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = dlsym(RTLD_NEXT, "fdatasync");
  FAIL('s', fd);
  return real(fd);
}
