// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a field of a result means, for the model that reads it: becomes the description in the output schema. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface About {
    String value();

    /** The field's name in JSON, where it is not the component's. */
    String name() default "";
}
