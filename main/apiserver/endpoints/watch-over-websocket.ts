import type { Duplex } from 'node:stream';
import { handshake, isWebSocket, sendMessages } from '../serving/websocket.ts';
import { discardBody } from '../serving/write-body.ts';
import type { ApiResponse, RequestContext } from './request.ts';
import { watchMessages } from './watch-messages.ts';

/** A watch that a WebSocket client asked for goes out as one message an event, text for JSON (upstream: handlers/watch.go HandleWS). False for any other answer. */
export async function watchOverWebSocket({ info, request }: RequestContext, response: ApiResponse, socket: Duplex): Promise<boolean> {
  const { body } = response;
  if (info.verb !== 'watch' || response.status !== 200 || body instanceof Uint8Array || !isWebSocket(request)) return false;
  const { head, isAccepted } = handshake(request);
  socket.write(head);
  if (!isAccepted) {
    socket.end();
    await discardBody(body);
    return true;
  }
  const isText = !/protobuf/.test(String(response.headers['content-type'] ?? ''));
  await sendMessages(socket, watchMessages(body, { isText }), { isText, signal: request.signal });
  return true;
}
