#include "CLinux.h"

#include <malloc.h>

void hoso_give_memory_back(void) { malloc_trim(0); }
