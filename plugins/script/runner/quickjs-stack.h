/* Included before every file of QuickJS.
 *
 * QuickJS does not check its stack where __wasi__ is defined. With the check, recursion without end
 * is a RangeError of the script; without it, the end of the guest. The headers that need the name
 * come first. */
#include <wasi/api.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#undef __wasi__
