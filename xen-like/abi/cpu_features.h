/*
 * Every feature of a CPU that Xen's ABI has a name for, bit number % 32 of word number / 32 of a
 * featureset: as constants XEN_X86_FEATURE_name; or, any number of times, as XEN_CPUFEATURE(name,
 * number), if the includer defines that.
 */
#include <xen/arch-x86/cpufeatureset.h>
