/// Who is calling, and what it may. `Authenticate` stands before the routes; `Credentials` tells for every door who is
/// behind what was presented: `ApiKeys` knows the keys, `Sessions` the tokens, `Remembered` keeps both for seconds.
/// `OwnKeys` is what an organization does with its keys, `AdminKey` the operator's. `Trail` is told of changes.
@NullMarked
package dev.spooled.access;

import org.jspecify.annotations.NullMarked;
