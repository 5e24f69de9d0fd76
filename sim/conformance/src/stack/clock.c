/* A wrong wall clock for one process. Loaded before the C library (LD_PRELOAD), it adds SQUALL_CLOCK_OFFSET_MS to every
 * function that returns the time of day. Timers and the monotonic clock stay correct.
 *
 * It asks the kernel directly. Looking up the C library's function (dlsym, as libfaketime does) may allocate memory, and
 * the allocator of Debian's redis-server (jemalloc) asks for the time while it starts: each would wait for the other. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long offset_ms(void) {
    const char *text = getenv("SQUALL_CLOCK_OFFSET_MS");
    return text ? atoll(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (failed || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return failed;
    long long ns = now->tv_nsec + (offset_ms() % 1000) * 1000000;
    now->tv_sec += offset_ms() / 1000 + (ns >= 1000000000) - (ns < 0);
    now->tv_nsec = (ns + 1000000000) % 1000000000;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone; /* obsolete and unused */
    if (clock_gettime(CLOCK_REALTIME, &exact))
        return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact))
        return -1;
    if (now)
        *now = exact.tv_sec;
    return exact.tv_sec;
}
