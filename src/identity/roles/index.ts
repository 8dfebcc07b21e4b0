export { adminRole, type BuiltInRole, builtInRoles, isBuiltIn } from "./built-in.js";
export type { GrantChecks } from "./checks.js";
export {
  isPermission,
  isScoped,
  type Permission,
  permissionNames,
  permissions,
  type ScopedPermission,
} from "./permissions.js";
export { rolesReference } from "./reference.js";
export { type Holding, noRights, type Rights } from "./rights.js";
export { type BindingDraft, createRoles, type Role, type RoleDraft, type Roles } from "./roles.js";
export { contains, inScope, type Scope, scopeFrom, scopeFromText, scopeText } from "./scope.js";
export type { RoleBinding, RoleState, RoleStore, RoleWrite, Standing, StandingCheck, StoredRole } from "./store.js";
