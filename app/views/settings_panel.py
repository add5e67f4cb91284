"""The settings of the method, each with its unit, range and reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.views.forms import (
    GAP,
    Collapsible,
    add_row,
    beside,
    choose,
    combo,
    describe,
    form,
    heading,
    shrinkable,
    whole_number,
)
from app.views.method_settings import DeviationSettings, GradientSettings, SpeedSettings
from app.views.number_field import NumberField
from app.views.perturbation_field import PerturbationField
from gridsal_core.methods import METHOD_INFOS, Method
from gridsal_core.settings import MAX_STEPS, PAPER_STREET, PAPER_TOY, Settings, preset_values

SUGGESTED, FAST, STREET, TOY, OWN = "suggested", "fast", "street", "toy", "own"
MAX_CELLS = 256
# As wide as most numbers are; the largest that fits into the field would widen the whole column.
NUMBER_WIDTH = 76

Preset = Literal["suggested", "fast", "street", "toy", "own"]


@dataclass(frozen=True)
class PanelState:
    """What the panel shows: its preset, and the settings."""

    preset: str
    settings: Settings


class SettingsPanel(QWidget):
    """Edits one Settings. A preset fills all fields; changing a field makes it the user's own.

    Attributes
    ----------
    is_following
        Whether a change that is announced comes from other suggestions, and not from the user.
    """

    changed = Signal()
    device_chosen = Signal(str)
    refused = Signal(str)
    """Why a number that was typed is not taken, in one sentence; the old one is back."""

    def __init__(self) -> None:
        super().__init__()
        self._suggested = Settings()
        self._is_filling = self.is_following = False
        self._preset = combo(
            ("Suggested here", SUGGESTED),
            ("Fast", FAST),
            ("Paper, street scenes", STREET),
            ("Paper, toy data", TOY),
            ("Own", OWN),
        )
        self._method = combo(*((info.title, name) for name, info in METHOD_INFOS.items()))
        self._gradients, self._deviations = GradientSettings(), DeviationSettings()
        self._speed = SpeedSettings()
        self._rows, self._columns = whole_number(1, MAX_CELLS), whole_number(1, MAX_CELLS)
        self._rows.setAccessibleName("Mask height in cells")
        self._columns.setAccessibleName("Mask width in cells")
        self._lam = NumberField("λ", 0, 100, 0.01)
        self._lam.setObjectName("lam")
        self._steps = whole_number(1, MAX_STEPS)
        self._steps.setGroupSeparatorShown(True)
        for field in (self._lam, self._steps):
            field.setMinimumWidth(NUMBER_WIDTH)
        self._init = combo(("Auto: 0.5 and 1", "auto"), ("0.5 (paper)", 0.5), ("1", 1.0))
        self._perturbation = PerturbationField()
        self._rate = NumberField("The learning rate", 1e-6, 1000, 0.2)
        self._momentum = NumberField("The momentum", 0, 0.99, 0.5, 0.05)
        self._score = combo(("Probability", "probability"), ("Logit", "logit"))
        self._upsampling = combo(("Bilinear (paper)", "bilinear"), ("Nearest", "nearest"))
        self._device = combo(("Auto", "auto"), ("CPU", "cpu"))
        self._lay_out()
        self._connect()
        for number in self.findChildren(QAbstractSpinBox):
            number.installEventFilter(self)
        self.set_suggested(Settings())

    def settings(self) -> Settings:
        """Return what is set.

        Raises
        ------
        SettingsError
            If the values do not go together.
        """
        return Settings(
            method=self._method.currentData(),
            mask_size=(self._rows.value(), self._columns.value()),
            lam=self._lam.value(),
            steps=self._steps.value(),
            learning_rate=self._rate.value(),
            momentum=self._momentum.value(),
            init=self._init.currentData(),
            perturbation=self._perturbation.perturbation(),
            score=self._score.currentData(),
            upsampling=self._upsampling.currentData(),
            **self._gradients.values(),
            **self._deviations.values(),
            **self._speed.values(),
        )

    def state(self) -> PanelState:
        """Return what `restore` brings back.

        Raises
        ------
        SettingsError
            If the values do not go together.
        """
        return PanelState(self._preset.currentData(), self.settings())

    def restore(self, state: PanelState) -> None:
        """Show what was shown before; what is suggested may be other settings by now."""
        choose(self._preset, state.preset)
        self.set_settings(self._suggested if state.preset == SUGGESTED else state.settings)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A field would take the keys of undo for its own text, also where there is nothing to undo
        # in it: they mean the last step, unless a number is still being typed.
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if isinstance(watched, NumberField) and watched.is_being_typed:
            return False
        keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
        if any(event.matches(key) for key in keys):
            event.ignore()
            return True
        return False

    def commit(self) -> bool:
        """Take a number that is still being typed, as a run must; False if it was refused."""
        # A shortcut starts a run without taking the focus from the field.
        numbers = (
            self._lam,
            self._rate,
            self._momentum,
            self._perturbation,
            self._gradients,
            self._deviations,
        )
        return all(number.commit() for number in numbers)

    def set_settings(self, settings: Settings) -> None:
        """Show other settings."""
        self._is_filling = True
        try:
            self._fill(settings)
        finally:
            self._is_filling = False
        self._on_field()

    def set_suggested(self, settings: Settings) -> None:
        """Set what suits the open network and image; fields follow while that preset is chosen."""
        self._suggested = settings
        self.is_following = True
        try:
            if self._preset.currentData() in (SUGGESTED, FAST):
                self._on_preset()
            else:
                self._on_field()
        finally:
            self.is_following = False

    @property
    def preset(self) -> Preset:
        """The preset that is chosen: suggested, fast, street, toy or own."""
        preset: Preset = self._preset.currentData()
        return preset

    def set_preset(self, name: str, own: Settings | None = None) -> None:
        """Choose a preset; `own` are the settings where it is the user's own."""
        chosen = own if name == OWN else self._presets().get(name)
        if chosen is not None:
            choose(self._preset, name)
            self.set_settings(chosen)

    def set_device(self, name: str) -> None:
        """Choose a device, which may turn out not to be there; nobody is told."""
        if self._device.findData(name) < 0:
            self._device.addItem(name.upper(), name)
        choose(self._device, name)

    def set_devices(self, names: tuple[str, ...]) -> None:
        """Offer the devices that are there; one that was chosen and is not becomes `auto`."""
        for name in names:
            if self._device.findData(name) < 0:
                self._device.addItem(name.upper(), name)
        missing = self.device if self.device not in names else ""
        for index in reversed(range(self._device.count())):
            if self._device.itemData(index) not in names:
                self._device.removeItem(index)
        if missing:
            choose(self._device, "auto")
            self.device_chosen.emit(self.device)

    @property
    def device(self) -> str:
        """Where to compute: auto, or a device's name."""
        return str(self._device.currentData())

    def _fill(self, settings: Settings) -> None:
        choose(self._method, settings.method)
        self._rows.setValue(settings.mask_size[0])
        self._columns.setValue(settings.mask_size[1])
        self._lam.setValue(settings.lam)
        self._steps.setValue(settings.steps)
        self._rate.setValue(settings.learning_rate)
        self._momentum.setValue(settings.momentum)
        if self._init.findData(settings.init) < 0:
            self._init.addItem(f"{settings.init:g}", settings.init)
        choose(self._init, settings.init)
        self._perturbation.set_perturbation(settings.perturbation)
        choose(self._score, settings.score)
        choose(self._upsampling, settings.upsampling)
        self._gradients.fill(settings)
        self._deviations.fill(settings)
        self._speed.fill(settings)
        self._show_method()

    def _show_method(self) -> None:
        """Show the settings that the chosen method has."""
        method: Method = self._method.currentData()
        is_gradient = METHOD_INFOS[method].family == "gradient"
        self._gradients.setVisible(is_gradient)
        self._gradients.show_method(method)
        self._deviations.show_method(method)
        self._fast_ways.setVisible(not is_gradient)
        # What stands in for removed pixels: for gradients in What If and in the check's curves.
        self._basic.setRowVisible(self._descent, not is_gradient)
        for field in (self._init, self._rate, self._momentum):
            self._more.setRowVisible(field, not is_gradient)

    def _lay_out(self) -> None:
        basic, more = self._basic, self._more = form(), form()
        add_row(
            basic,
            "Method",
            self._method,
            "Context explanation (eq. 3): the region is kept, and the map shows what else the "
            "network needed.\nGrid saliency (eq. 2): the map shows all that it needed, the region "
            "included.\nGradients (eq. 4 and 5): where small changes would change the score most; "
            "they do not say\nwhat was needed. Their context form leaves out the region.",
        )
        times = QLabel("×")
        add_row(
            basic,
            "Mask",
            beside(self._rows, times, self._columns, stretch=(0, 2)),
            "Rows × columns of the mask, in cells (1 to 256, at most the image's size).\nFiner "
            "masks show more and are easier to fool.",
        )
        self._add_lam_and_steps(basic)
        add_row(
            basic,
            "Remove with",
            self._perturbation,
            "What stands in for removed pixels: one colour (the mean is that of the network's "
            "data), the blurred\nimage (σ in pixels, 0.5 to 500), or noise from a seed.\nTry "
            "several: the outline of what is kept is itself a cue, and a colour can resemble a "
            "class.\nA gradient map itself needs none; What If and the check's curves do.",
        )
        add_row(
            more,
            "Start",
            self._init,
            "Value of every cell at the start (0 to 1). Auto computes from 0.5 and from 1 and "
            "keeps the better end;\nit takes twice as long, and does not miss context that the "
            "half-removed image hides.",
        )
        add_row(
            more, "Learning rate", self._rate, "Step size of SGD (above 0). Paper: 1 or 0.2 (toy)."
        )
        add_row(more, "Momentum", self._momentum, "Of SGD (0 to 0.99). Paper: 0.5.")
        add_row(
            more,
            "Score",
            self._score,
            "What is to be kept inside the region: the class's softmax probability (paper), or its "
            "logit,\nwhich does not saturate but needs another λ.",
        )
        add_row(
            more,
            "Upsampling",
            self._upsampling,
            "From cells to pixels. Nearest does not leak into the neighbouring cells.",
        )
        add_row(
            more,
            "Device",
            self._device,
            "Where to compute. Auto takes CUDA, else MPS, else the CPU.",
        )
        advanced = QWidget()
        advanced.setLayout(more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        shrinkable(self._preset)
        describe(
            self._preset,
            "Preset",
            "Fills all fields below. Changing one makes it yours.\n"
            "Suggested here takes the paper's optimiser, the reference. Fast takes 36 steps of "
            "another one,\nand ends about as well.",
        )
        layout.addWidget(beside(heading("Settings"), self._preset, stretch=(1,)))
        layout.addLayout(basic)
        layout.addWidget(self._gradients)
        self._fast_ways = Collapsible("Speed", self._speed)
        folds = QVBoxLayout()
        folds.setSpacing(2)
        folds.addWidget(Collapsible("More settings", advanced))
        folds.addWidget(Collapsible("Beyond the paper", self._deviations))
        folds.addWidget(self._fast_ways)
        layout.addLayout(folds)

    def _add_lam_and_steps(self, basic: QFormLayout) -> None:
        # In one row: at 1280x800 the verdict and the scores are to be seen below without scrolling.
        lam_tip = (
            "Weight of the mask's sum (0 to 100). Larger values give smaller maps.\nPaper: 0.01 "
            "for street scenes, 0.05 for toy data."
        )
        steps_tip = "Optimisation steps (1 to 100,000). Paper: 80 or 100."
        describe(self._lam, "λ", lam_tip)
        describe(self._steps, "Steps", steps_tip)
        steps = QLabel("Steps")
        steps.setBuddy(self._steps)
        steps.setToolTip(steps_tip)
        self._descent = beside(self._lam, steps, self._steps, stretch=(0, 2))
        add_row(basic, "λ", self._descent, lam_tip)

    def _connect(self) -> None:
        self._preset.activated.connect(self._on_preset)
        self._device.activated.connect(lambda: self.device_chosen.emit(self.device))
        self._perturbation.changed.connect(self._on_field)
        for choice in (self._method, self._init, self._score, self._upsampling):
            choice.currentIndexChanged.connect(self._on_field)
        for spin in (self._rows, self._columns, self._steps):
            spin.valueChanged.connect(self._on_field)
        for number in (self._lam, self._rate, self._momentum):
            number.valueChanged.connect(self._on_field)
            number.refused.connect(self.refused)
        self._perturbation.refused.connect(self.refused)
        self._method.currentIndexChanged.connect(self._show_method)
        for group in (self._gradients, self._deviations, self._speed):
            group.changed.connect(self._on_field)
            group.refused.connect(self.refused)

    def _presets(self) -> dict[str, Settings]:
        # In the window even the paper's settings start at auto: 0.5 alone can miss the context.
        return {
            SUGGESTED: self._suggested,
            FAST: replace(self._suggested, **preset_values("fast")),
            STREET: replace(PAPER_STREET, init="auto"),
            TOY: replace(PAPER_TOY, init="auto"),
        }

    def _on_preset(self) -> None:
        chosen = self._presets().get(self._preset.currentData())
        if chosen is not None:
            self.set_settings(chosen)

    def _on_field(self) -> None:
        if self._is_filling:
            return
        now = self.settings()
        # The preset that was chosen stays chosen where two are alike.
        chosen = self._preset.currentData()
        alike = [name for name, preset in self._presets().items() if preset == now]
        if chosen not in alike:
            choose(self._preset, alike[0] if alike else OWN)
        self.changed.emit()
