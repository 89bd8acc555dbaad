#include "CLinux.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void hoso_give_memory_back(void) { malloc_trim(0); }

void hoso_forbid_core_dumps(void) {
    struct rlimit none = {0, 0};
    // Also for the processes that this one starts.
    setrlimit(RLIMIT_CORE, &none);
    // Also where dumps go to a program, which asks for no limit; and no other process of this user looks into this one.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
