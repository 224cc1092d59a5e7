/** The wallet's key lives here and nowhere else: away from the worker that handles strangers' prompts. */
import { expose } from 'comlink';
import { sendErrorsAsData } from '../src/provider/thrown-errors.ts';
import { createSignerApi } from '../src/provider/wallet/signer-api.ts';

sendErrorsAsData();
expose(createSignerApi());
