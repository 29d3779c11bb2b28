# Ansible's results as JSON lines: one for each task or handler with what became of it on each host, one for each item of a loop, and the recap.
import json

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
    name: events
    type: stdout
    short_description: results as JSON lines
    description: for tests
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'events'

    def _say(self, **values):
        print('EVENT ' + json.dumps(values), flush=True)

    def _task(self, task):
        self._say(task=task.get_name())

    v2_playbook_on_handler_task_start = v2_playbook_on_cleanup_task_start = _task

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._task(task)

    def _result(self, result, status, item=False):
        # A loop is told by its items.
        if item or not result._result.get('results'):
            if status == 'ok' and result._result.get('changed'):
                status = 'changed'
            msg = result._result.get('msg')
            self._say(host=result._host.get_name(), status=status, msg=msg if isinstance(msg, str) else '')

    def v2_runner_on_ok(self, result):
        self._result(result, 'ok')

    def v2_runner_on_skipped(self, result):
        self._result(result, 'skipped')

    def v2_runner_on_unreachable(self, result):
        self._result(result, 'unreachable')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result(result, 'ignored' if ignore_errors else 'failed')

    def v2_runner_item_on_ok(self, result):
        self._result(result, 'ok', True)

    def v2_runner_item_on_failed(self, result):
        self._result(result, 'failed', True)

    def v2_runner_item_on_skipped(self, result):
        self._result(result, 'skipped', True)

    def v2_playbook_on_stats(self, stats):
        self._say(recap=[dict(stats.summarize(host), host=host) for host in sorted(stats.processed)])
