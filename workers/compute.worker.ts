/** Engine and relay socket: tokens go from one to the other in here, and never through the page. */
import { expose } from 'comlink';
import { createBrowserEngineSource } from '../src/provider/compute/browser-engine-source.ts';
import { createComputeApi } from '../src/provider/compute/compute-api.ts';
import { sendErrorsAsData } from '../src/provider/thrown-errors.ts';

sendErrorsAsData();
expose(createComputeApi(createBrowserEngineSource(new URL('/', location.origin))));
