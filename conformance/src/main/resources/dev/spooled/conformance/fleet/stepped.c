/* A wall clock that is wrong for one process: preloaded, it adds the nanoseconds at the head of the file that
 * STEPPED_CLOCK names to what CLOCK_REALTIME says. The monotonic clock runs on undisturbed, as it does when somebody sets
 * the clock of a machine. The file is mapped, so that writing it steps the clock of a running process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const int64_t nowhere = 0;
static const volatile int64_t *step = &nowhere;
static int (*truth)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    truth = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    const char *name = getenv("STEPPED_CLOCK");
    int file = name == NULL ? -1 : open(name, O_RDONLY);
    if (file >= 0) {
        void *map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
        if (map != MAP_FAILED) {
            step = map;
        }
        close(file);
    }
    /* PostgreSQL, when this process starts it, has its own clock: the right one. */
    unsetenv("LD_PRELOAD");
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int answer = truth(clock, time);
    if (answer == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t wrong = (int64_t) time->tv_sec * SECOND + time->tv_nsec + *step;
        time->tv_sec = wrong / SECOND;
        time->tv_nsec = wrong % SECOND;
    }
    return answer;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void) zone;
    int answer = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return answer;
}

time_t time(time_t *where) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where != NULL) {
        *where = now.tv_sec;
    }
    return now.tv_sec;
}
