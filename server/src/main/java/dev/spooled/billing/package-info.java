/// Billing as far as a server without a payment provider has any.
@NullMarked
package dev.spooled.billing;

import org.jspecify.annotations.NullMarked;
