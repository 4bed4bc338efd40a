/*
 * The process that holds a pod's namespaces: it sleeps until SIGTERM or SIGINT and buries the children that
 * other processes of the pod leave behind. It is built without a C library, so that the image is one file of
 * a few KB: see tools/build_pause.ts. Calls go to the kernel directly; numbers are of the Linux system call table.
 */

typedef unsigned long word;

#define SIGINT 2
#define SIGTERM 15
#define SIGCHLD 17
#define SIG_BLOCK 0
#define WNOHANG 1

#define BIT(signal) (1UL << ((signal) - 1))
#define SIGNAL_SET_BYTES 8

#if defined(__x86_64__)

#define SYS_RT_SIGPROCMASK 14
#define SYS_WAIT4 61
#define SYS_RT_SIGTIMEDWAIT 128
#define SYS_EXIT_GROUP 231

static word call(word number, word a, word b, word c, word d)
{
	register word r10 __asm__("r10") = d;
	word result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

#define SYS_RT_SIGPROCMASK 135
#define SYS_WAIT4 260
#define SYS_RT_SIGTIMEDWAIT 137
#define SYS_EXIT_GROUP 94

static word call(word number, word a, word b, word c, word d)
{
	register word x8 __asm__("x8") = number;
	register word x0 __asm__("x0") = a;
	register word x1 __asm__("x1") = b;
	register word x2 __asm__("x2") = c;
	register word x3 __asm__("x3") = d;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

#else
#error "pause knows x86-64 and arm64"
#endif

static void bury_children(void)
{
	while ((long)call(SYS_WAIT4, (word)-1, 0, WNOHANG, 0) > 0)
		;
}

/*
 * The three signals are blocked and taken from the queue one at a time: a handler is not needed, and none
 * can be lost between a check and the sleep.
 */
__attribute__((noreturn)) void _start(void)
{
	const word awaited = BIT(SIGINT) | BIT(SIGTERM) | BIT(SIGCHLD);

	call(SYS_RT_SIGPROCMASK, SIG_BLOCK, (word)&awaited, 0, SIGNAL_SET_BYTES);
	bury_children(); /* children that ended before the signals were blocked */
	for (;;) {
		long signal = (long)call(SYS_RT_SIGTIMEDWAIT, (word)&awaited, 0, 0, SIGNAL_SET_BYTES);

		if (signal == SIGCHLD)
			bury_children();
		if (signal == SIGINT || signal == SIGTERM)
			call(SYS_EXIT_GROUP, 0, 0, 0, 0);
	}
}
