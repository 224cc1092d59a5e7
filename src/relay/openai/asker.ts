import { CodedError } from '../../core/errors.ts';
import type { Access, Admission } from '../access/access.ts';
import type { Payments } from '../payments/payments.ts';
import type { ApiReply, ApiRequest } from './api-request.ts';

type Credential = NonNullable<ReturnType<Payments['credentialOf']>>;

/** Who asks: somebody with access (admitted), or a payer, whose credential may be still to come. */
interface Asker {
  readonly admission: Admission | undefined;
  readonly credential: Credential | undefined;
  readonly body: string;
}

export interface AskerParts {
  readonly access: Access;
  /** Absent where nobody can pay. */
  readonly payments: Payments | undefined;
  /** @throws CodedError `draining` */
  readonly checkOpen: () => void;
}

/**
 * Reads who asks, and what. Undefined where a request without a body was about a payment alone: that one is answered.
 * Vouchers of streams that run are taken to the end, draining or not.
 */
export async function readAsker(
  request: ApiRequest,
  reply: ApiReply,
  { access, payments, checkOpen }: AskerParts,
): Promise<Asker | undefined> {
  const credential = payments?.credentialOf(request);
  const admission = credential ? undefined : admit(request, access, payments);
  const body = await request.body();
  if (payments && !admission && body === '') {
    await payments.manage(credential, request, reply);
    return undefined;
  }
  checkOpen();
  return { admission, credential, body };
}

/** Undefined where the request has to be paid for, and can be. */
function admit(request: ApiRequest, access: Access, payments: Payments | undefined): Admission | undefined {
  try {
    return access(request);
  } catch (error) {
    if (payments && error instanceof CodedError && error.code === 'payment_required') return undefined;
    throw error;
  }
}
