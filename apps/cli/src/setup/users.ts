import { type Permissions, PERMISSIONS, type Role } from '@pdaltagent/operations';
import { type Account } from './configuration';
import { type Management } from './management';
import { hasPassword } from './password-hash';

export interface UserResult {
  readonly role: Role;
  readonly user: string;
  readonly account: 'created' | 'password changed' | 'tags removed' | 'unchanged';
  readonly permissions: 'set' | 'unchanged';
  readonly granted: Permissions;
}

/** Makes the user what it has to be: this password, no tags, these permissions. */
export async function setUpUser({ role, name, password }: Account, management: Management): Promise<UserResult> {
  const account = await setUpAccount(name, password, management);
  const granted = PERMISSIONS[role];
  const before = await management.permissionsOf(name);
  const isSame =
    before?.configure === granted.configure && before.write === granted.write && before.read === granted.read;
  if (!isSame) await management.putPermissions(name, granted);
  return { role, user: name, account, permissions: isSame ? 'unchanged' : 'set', granted };
}

async function setUpAccount(name: string, password: string, management: Management): Promise<UserResult['account']> {
  const stored = await management.user(name);
  const hasTags = stored?.tags.some((tag) => tag !== '') === true;
  const isCurrent = stored !== undefined && hasPassword(stored, password);
  if (isCurrent && !hasTags) return 'unchanged';
  await management.putUser(name, password);
  if (stored === undefined) return 'created';
  return isCurrent ? 'tags removed' : 'password changed';
}
