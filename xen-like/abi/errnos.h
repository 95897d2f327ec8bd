/*
 * Every errno of Xen's by name: includes <xen/errno.h> once more, in which the macro
 * XEN_ERRNO(name, number) of whoever includes this is used for each, and then undefined. To be
 * included in the middle of a table, as often as wanted.
 */
#include <xen/errno.h>
