/* Every address is canonical, and user space has no root of its own: nothing is wrong with those.
 */
#include "tests/guests/vcpu-op/wrong.h"

const struct wrong wrongs_of_width[] = {{0}};
