-- Who moves an organization: whoever takes a move over writes its own id here, and the one before switches nothing more.
alter table organization_move add column mover uuid;
