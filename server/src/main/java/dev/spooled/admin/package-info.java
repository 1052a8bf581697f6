/// What the operator of a server does: organizations of all tenants, figures of the whole, and the taking apart of what
/// was deleted. `AdminHttp` is the door, everything in it asks for the admin key.
@NullMarked
package dev.spooled.admin;

import org.jspecify.annotations.NullMarked;
