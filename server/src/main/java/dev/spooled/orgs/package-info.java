/// Organizations and their plans.
@NullMarked
package dev.spooled.orgs;

import org.jspecify.annotations.NullMarked;
