/** The model files of this browser: downloads go on in here whatever the engine does. */
import { expose } from 'comlink';
import { createModelsApi } from '../src/provider/models/models-api.ts';
import { sendErrorsAsData } from '../src/provider/thrown-errors.ts';

sendErrorsAsData();
expose(createModelsApi(new URL('/', location.origin)));
